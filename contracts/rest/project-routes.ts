import { type Static, Type } from 'typebox';
import { exactly, nextField, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';

const ProjectSummary = Type.Object(
  {
    name: Type.String(),
    displayName: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type ProjectSummary = Static<typeof ProjectSummary>;

export const ProjectList = Type.Object(
  { items: Type.Array(ProjectSummary), ...nextField },
  { $id: 'ProjectList', description: 'A page of projects', additionalProperties: false },
);

export const projectRoutes = {
  listProjects: {
    method: 'GET',
    path: '/api/v1/projects',
    operationId: 'listProjects',
    summary: 'Projects that you may see',
    description:
      'Projects of which you are a member, or which you may see otherwise; administrators see all.',
    tags: ['projects'],
    query: Type.Object(
      {
        search: exactly('In the name or the display name, upper case or lower'),
        ...pageFields(['name', 'displayName'], { sort: 'name' }),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<Page<ProjectSummary>>(Type.Ref('ProjectList')),
  },
} as const satisfies Record<string, RestRoute>;
