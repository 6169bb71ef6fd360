/** Processes that chaos kills, by their names in `processes.json`; `supervisor` is the one that writes that file. */
export const chaosTargets = [
  'worker',
  'gateway',
  'controllers',
  'temporal',
  'postgres',
  'management-apiserver',
  'node',
  'supervisor',
] as const;
export type ChaosTarget = (typeof chaosTargets)[number];

/** Targets without which a tenant's own control plane must go on serving; all of them. */
export const expectedMs: Record<string, number> = {
  create: 5000,
  update: 1500,
  sleep: 1500,
  wake: 2000,
  snapshot: 2500,
  restore: 6000,
  delete: 3000,
};
