import type { CelRule } from './open-object.ts';

/** Rule that `field` of `clusterRef`, once set, stays; `what` is created again instead. */
export function staysOnceSet(field: string, what: string): CelRule {
  // `namespace` is a reserved word of CEL.
  const name = field === 'namespace' ? '__namespace__' : field;
  const value = (self: string) => `has(${self}.clusterRef) && has(${self}.clusterRef.${name})`;
  return {
    rule: `!(${value('oldSelf')} && oldSelf.clusterRef.${name} != '') || (${value('self')} && self.clusterRef.${name} == oldSelf.clusterRef.${name})`,
    message: `clusterRef.${field} cannot change once it is set; make a new ${what} instead`,
  };
}
