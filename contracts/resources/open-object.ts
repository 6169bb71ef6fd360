import { type TObject, type TObjectOptions, type TProperties, Type } from 'typebox';

/**
 * Schema of an object that keeps fields it does not name, so that YAML exported from vCluster Platform applies
 * unchanged. `rules` become `x-kubernetes-validations` of the CRD.
 */
export function openObject<Properties extends TProperties>(
  properties: Properties,
  options: TObjectOptions & { rules?: readonly CelRule[] } = {},
): TObject<Properties> {
  const { rules, ...rest } = options;
  return Type.Object(properties, {
    ...rest,
    'x-kubernetes-preserve-unknown-fields': true,
    ...(rules === undefined ? {} : { 'x-kubernetes-validations': rules }),
  });
}

/** One CEL rule of a CRD; a rule that names `oldSelf` is a transition rule and holds on updates only. */
export interface CelRule {
  readonly rule: string;
  /** What the caller did wrong and what to do. */
  readonly message: string;
  /** The field at fault, from where the rule stands; left out: that place. */
  readonly fieldPath?: string;
}

/** Any JSON object: kept, not looked into. */
export function anyObject(description?: string) {
  return Type.Record(Type.String(), Type.Unknown(), description === undefined ? {} : { description });
}
