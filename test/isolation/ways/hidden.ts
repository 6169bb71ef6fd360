import type { Way } from '../way.ts';
import { type Actor, management, secretText } from '../world.ts';

const path = `${management}/namespaces/p-red/virtualclusterinstances`;
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const reads = [
  { tries: 'reads the tenant cluster', request: `GET ${path}/dev` },
  { tries: 'reads its status', request: `GET ${path}/dev/status` },
  { tries: 'lists tenant clusters', request: `GET ${management}/virtualclusterinstances` },
  {
    tries: 'lists them as a table with whole objects',
    request: `GET ${management}/virtualclusterinstances?includeObject=Object`,
    headers: table,
  },
] as const;

/** Parameters and inline values are shown to who may change the tenant cluster, not to who may only read it. */
export const hiddenWays: readonly Way[] = [
  ...reads.map((read): Way => ({ who: 'viv', ...read, sees: [200, 403], never: new RegExp(secretText) })),
  ...(['ana', 'ria'] as const satisfies Actor[]).map(
    (who): Way => ({
      who,
      tries: 'reads the parameters she may change',
      request: `GET ${path}/dev`,
      sees: 200,
      says: new RegExp(secretText),
    }),
  ),
];
