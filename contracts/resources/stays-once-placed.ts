import type { CelRule } from './open-object.ts';

/**
 * Rule of the whole object that `field` of `spec.clusterRef`, once set, stays, and that it says nothing else than where
 * the platform placed the instance (`status.clusterRef`). What the status says, a manifest may leave out. `what` is
 * created again instead.
 */
export function staysOncePlaced(field: 'cluster' | 'namespace', what: string): CelRule {
  // `namespace` is a reserved word of CEL.
  const name = field === 'namespace' ? '__namespace__' : field;
  // Not by optionals: with these, the API server does not know how long the strings can be, and thinks it too costly.
  const isSet = (object: string) =>
    `has(${object}) && has(${object}.clusterRef) && has(${object}.clusterRef.${name}) && ${object}.clusterRef.${name} != ''`;
  const isSame = (a: string, b: string) => `${a}.clusterRef.${name} == ${b}.clusterRef.${name}`;
  const [asked, before, placed] = ['self.spec', 'oldSelf.spec', 'self.status'] as const;
  const stays = `!(${isSet(before)}) || (${isSet(asked)} ? ${isSame(asked, before)} : ${isSet(placed)} && ${isSame(placed, before)})`;
  const agrees = `!(${isSet(placed)}) || !(${isSet(asked)}) || ${isSame(asked, placed)}`;
  return {
    rule: `(${stays}) && (${agrees})`,
    fieldPath: `.spec.clusterRef.${field}`,
    message: `clusterRef.${field} cannot change once it is set; make a new ${what} instead`,
  };
}
