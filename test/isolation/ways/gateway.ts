import type { Way } from '../way.ts';

/** What the gateway tells of itself. */
export const gatewayWays: readonly Way[] = (['eve', 'rex', 'ana'] as const).flatMap((who): Way[] => [
  {
    who,
    tries: 'asks which part of the platform is not well',
    request: 'GET /readyz',
    sees: 200,
    never: /checks|database|temporal|management/,
  },
  {
    who,
    tries: 'asks about one part by leaving out the others',
    request: 'GET /readyz?exclude=database&exclude=temporal',
    sees: 403,
  },
]);
