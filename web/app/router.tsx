import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { NotFoundPage, PageFailure, PagePending } from './page-fallbacks.tsx';
import { RootLayout } from './root-layout.tsx';
import { pageSearch, parseSearch, stringifySearch } from '../components/page-search.ts';

const rootRoute = createRootRoute({
  component: RootLayout,
  validateSearch: pageSearch,
  // The project that was chosen stays chosen from page to page.
  search: { middlewares: [retainSearchParams(['project'])] },
});

/** A page: its code is loaded when it is opened first, or when a link to it is pointed at. */
function page<const P extends string>(path: P, load: () => Promise<{ default: () => ReactNode }>) {
  return createRoute({ getParentRoute: () => rootRoute, path, component: lazyRouteComponent(load) });
}

const routeTree = rootRoute.addChildren([
  page('/', () => import('../pages/home/home-page.tsx')),
  page('/tenant-clusters', () => import('../pages/tenant-clusters/tenant-clusters-page.tsx')),
  page('/tenant-clusters/new', () => import('../pages/tenant-clusters/create-page.tsx')),
  page(
    '/projects/$project/tenant-clusters/$name',
    () => import('../pages/tenant-clusters/detail/detail-page.tsx'),
  ),
  page('/spaces', () => import('../pages/spaces/spaces-page.tsx')),
  page('/spaces/new', () => import('../pages/spaces/create-page.tsx')),
  page('/projects/$project/spaces/$name', () => import('../pages/spaces/detail-page.tsx')),
  page('/operations', () => import('../pages/operations/operations-page.tsx')),
  page('/operations/$id', () => import('../pages/operations/operation-page.tsx')),
  page('/snapshots', () => import('../pages/snapshots/snapshots-page.tsx')),
  page('/templates', () => import('../pages/templates/templates-page.tsx')),
  page('/templates/$plural/$name', () => import('../pages/templates/template-page.tsx')),
  page('/projects', () => import('../pages/projects/projects-page.tsx')),
  page('/projects/$project', () => import('../pages/projects/project-page.tsx')),
  page('/clusters', () => import('../pages/clusters/clusters-page.tsx')),
  page('/clusters/$name', () => import('../pages/clusters/cluster-page.tsx')),
  page('/users', () => import('../pages/users/users-page.tsx')),
  page('/access-keys', () => import('../pages/access-keys/access-keys-page.tsx')),
  page('/audit', () => import('../pages/audit/audit-page.tsx')),
  page('/settings', () => import('../pages/settings/settings-page.tsx')),
  page('/profile', () => import('../pages/profile/profile-page.tsx')),
]);

/** Addresses below `/console`. */
export const router = createRouter({
  routeTree,
  basepath: '/console',
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultErrorComponent: PageFailure,
  defaultNotFoundComponent: NotFoundPage,
  defaultPendingComponent: PagePending,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
