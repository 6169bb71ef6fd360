import { type Static, Type } from 'typebox';

/** As many are named. */
export const mostNamedPods = 20;

/** Pods that a sleep ends and that nothing makes again: no controller has them. */
export const LostPods = Type.Object(
  {
    pods: Type.Array(Type.String(), {
      description: `\`namespace/name\` as in the tenant cluster or space, sorted; ${mostNamedPods} at most`,
    }),
    count: Type.Integer({ description: 'How many there are' }),
  },
  { additionalProperties: false },
);
export type LostPods = Static<typeof LostPods>;

/** For people: `2 pods without a controller, which nothing makes again: default/a, default/b`. */
export function lostPodsText({ pods, count }: LostPods): string {
  const more = count - pods.length;
  const noun = count === 1 ? 'pod' : 'pods';
  return `${count} ${noun} without a controller, which nothing makes again: ${pods.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
