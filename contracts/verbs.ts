import { type Static, type TObject, Type } from 'typebox';

/** What is seen of a lifecycle verb from outside. How the platform treats it: domain/lifecycle/verbs.ts. */
export interface VerbForm {
  /** Parameters of a request for it. Texts without a pattern are names (DNS labels). */
  readonly parameters: TObject;
  /** The end of a sentence that begins with what it was done to: "is ready". */
  readonly outcome: string;
  /** Its command of `vcp` and what that does, for a verb without parameters; others have a file in cli/commands/. */
  readonly command?: VerbCommand;
}

export interface VerbCommand {
  readonly name: string;
  /** The beginning of a sentence that ends with what it is done to: "Wake". */
  readonly does: string;
}

const none = Type.Object({});
const snapshot = Type.String({
  description: 'snapshot: name of the new one (default: generated); restore: name of the existing one',
});

/** Every lifecycle verb; which of them a kind has: contracts/kinds.ts. */
export const verbs = {
  create: { parameters: none, outcome: 'is ready' },
  update: { parameters: none, outcome: 'is up to date' },
  sleep: {
    parameters: Type.Object({
      forceDurationSeconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: 'sleep: seconds during which requests do not wake it; 0: until woken explicitly',
        }),
      ),
    }),
    outcome: 'is asleep',
  },
  wake: { parameters: none, outcome: 'is awake', command: { name: 'wakeup', does: 'Wake' } },
  snapshot: {
    parameters: Type.Object({
      snapshot: Type.Optional(snapshot),
    }),
    outcome: 'is saved',
  },
  restore: {
    parameters: Type.Object({
      snapshot,
      sourceTenantCluster: Type.Optional(
        Type.String({
          description:
            'restore: tenant cluster of the same project that the snapshot is of; default: this one',
        }),
      ),
      sourceUid: Type.Optional(
        Type.String({
          maxLength: 64,
          description:
            'restore: uid of the tenant cluster that the snapshot is of, if it was deleted or its name is in use by another one',
        }),
      ),
    }),
    outcome: 'is restored',
  },
  delete: { parameters: none, outcome: 'is deleted' },
  disconnect: {
    parameters: Type.Object({
      deleteTenants: Type.Optional(
        Type.Boolean({
          description:
            'disconnect: delete the tenant clusters and spaces that live there; without it, it is refused while there are any',
        }),
      ),
      force: Type.Optional(
        Type.Boolean({
          description:
            'disconnect: also if the cluster cannot be reached: what the platform made there stays, and the message names it',
        }),
      ),
    }),
    outcome: 'is disconnected',
  },
  upgrade: {
    parameters: Type.Object({
      image: Type.Optional(
        Type.String({
          pattern: '^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$',
          description: "upgrade: image of the agent; default: the one in use, with the platform's version",
        }),
      ),
    }),
    outcome: 'has the agent that was asked for',
  },
} as const satisfies Record<string, VerbForm>;

/** The lifecycle verbs. */
export type OperationType = keyof typeof verbs;
/** Those whose command of `vcp` is not made from their row. */
export type VerbWithOwnCommand = {
  [V in OperationType]: (typeof verbs)[V] extends { command: VerbCommand } ? never : V;
}[OperationType];
export const operationTypes = Object.keys(verbs) as [OperationType, ...OperationType[]];

type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

/** Parameters of any verb. */
export type OperationParameters = Partial<
  Intersection<{ [V in OperationType]: Static<(typeof verbs)[V]['parameters']> }[OperationType]>
>;

/** The parameters of all verbs, each of them optional: which of them belong together, `checkParameters` says. */
export const OperationParameters = Type.Unsafe<OperationParameters>(
  Type.Object(
    Object.assign({}, ...operationTypes.map((type) => Type.Partial(verbs[type].parameters).properties)),
    { additionalProperties: false },
  ),
);

/** Names of the parameters of `type`. */
export function parametersOf(type: OperationType): readonly string[] {
  return Object.keys(verbs[type].parameters.properties);
}

/** Whether parameter `name` of `type` has a form of its own. */
export function hasPattern(type: OperationType, name: string): boolean {
  const properties: Record<string, object> = verbs[type].parameters.properties;
  return 'pattern' in (properties[name] ?? {});
}

/** Names of the parameters that `type` cannot do without. */
export function requiredParametersOf(type: OperationType): readonly string[] {
  return (verbs[type].parameters as { readonly required?: readonly string[] }).required ?? [];
}

/** Those of `given` that `type` has. */
export function givenParameters(type: OperationType, given: Record<string, unknown>): OperationParameters {
  const names = parametersOf(type);
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}
