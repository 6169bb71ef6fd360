import { type Static, Type } from 'typebox';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

const Requirement = Type.Object(
  {
    key: Type.String({ maxLength: 317 }),
    operator: Type.Enum([...operators]),
    values: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { maxItems: 50 })),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
        message: 'In and NotIn need values, Exists and DoesNotExist have none',
      },
    ],
  },
);
export type LabelRequirement = Static<typeof Requirement>;

/** Kubernetes' LabelSelector: what it says must all hold. A field that is misspelt is not kept, and then it says nothing. */
export const LabelSelector = Type.Object(
  {
    matchLabels: Type.Optional(Type.Record(Type.String(), Type.String())),
    matchExpressions: Type.Optional(Type.Array(Requirement, { maxItems: 20 })),
  },
  {
    description: 'Of labels of the Cluster; counts until a connected cluster is chosen',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.matchLabels) || has(self.matchExpressions)',
        message: 'set matchLabels or matchExpressions',
      },
    ],
  },
);
export type LabelSelector = Static<typeof LabelSelector>;
