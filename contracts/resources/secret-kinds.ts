import { type Static, Type } from 'typebox';
import { Access, UserOrTeam } from './access.ts';
import type { Condition } from './condition.ts';
import type { ObjectMeta } from './object-meta.ts';

/**
 * Kinds of management.loft.sh whose objects are core Secrets with `label` there, as vCluster Platform keeps those of projects:
 * what is not data stands in annotations that begin with the label.
 */
export const secretKinds = {
  projectsecrets: { kind: 'ProjectSecret', singular: 'projectsecret', label: 'loft.sh/project-secret' },
  sharedsecrets: { kind: 'SharedSecret', singular: 'sharedsecret', label: 'loft.sh/shared-secret' },
} as const;
export type SecretPlural = keyof typeof secretKinds;
export const secretPlurals = Object.keys(secretKinds) as SecretPlural[];

const base64 = '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$';

export const SecretSpec = Type.Object(
  {
    displayName: Type.Optional(Type.String({ maxLength: 1_000 })),
    description: Type.Optional(Type.String({ maxLength: 10_000 })),
    owner: Type.Optional(UserOrTeam),
    /** Values in base64, by their keys. */
    data: Type.Optional(
      Type.Record(Type.String({ pattern: '^[-._a-zA-Z0-9]{1,253}$' }), Type.String({ pattern: base64 }), {
        additionalProperties: false,
      }),
    ),
    access: Type.Optional(Type.Array(Access, { maxItems: 100 })),
  },
  { additionalProperties: false },
);
type Given = Static<typeof SecretSpec>;
export type SecretSpec = { readonly [Field in keyof Given]?: Given[Field] | undefined };

/** A ProjectSecret or SharedSecret. */
export interface SecretResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: SecretSpec;
  readonly status?: { readonly conditions: readonly Condition[] };
}
