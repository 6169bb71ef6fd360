import type { Way } from '../way.ts';
import { chartWays } from './charts.ts';
import { gatewayWays } from './gateway.ts';
import { hiddenWays } from './hidden.ts';
import { kubernetesWays, pathWays } from './kubernetes.ts';
import { namedWays } from './names.ts';
import { ownershipWays } from './ownership.ts';
import { policyWays } from './policies.ts';
import { recordWays } from './records.ts';
import { restWays } from './rest.ts';
import { rightsWays, watchWays } from './rights.ts';
import { secretWays } from './secrets.ts';
import { virtualWays } from './virtual.ts';

/** The whole table, one file of rows per area. The areas' own files say what they are about. */
export const ways: readonly Way[] = [
  ...restWays,
  ...kubernetesWays,
  ...pathWays,
  ...namedWays,
  ...chartWays,
  ...ownershipWays,
  ...rightsWays,
  ...watchWays,
  ...policyWays,
  ...gatewayWays,
  ...recordWays,
  ...hiddenWays,
  ...virtualWays,
  ...secretWays,
];
