import { queryOptions } from '@tanstack/react-query';
import { send } from './send.ts';

/** How people log in. */
export interface LoginMethods {
  readonly password: { readonly enabled: boolean };
  readonly sso: readonly { readonly id: string; readonly displayName: string }[];
}

export const loginMethodsQuery = queryOptions({
  queryKey: ['login-methods'] as const,
  staleTime: 300_000,
  queryFn: async () => (await send<{ methods: LoginMethods }>({ path: '/auth/info' })).methods,
});

export const versionQuery = queryOptions({
  queryKey: ['version'] as const,
  staleTime: 300_000,
  queryFn: async () => (await send<{ version: string }>({ path: '/version' })).version,
});
