import type { ManagedKind } from '../../contracts/kinds.ts';

/** What the console needs to know of a kind. */
interface ConsoleKind {
  /** Addresses: all of it, the form that creates one, and one of them. */
  readonly pages: { readonly list: string; readonly create: string; readonly one: string };
  /** Whether it has chart values of its own where it is made without a template. */
  readonly hasOwnValues: boolean;
  /** Whether `vcp create` has options for its template and parameters. */
  readonly createTakesTemplate: boolean;
  /** What stands before its name in `vcp usage preview`. */
  readonly usageOption: readonly string[];
  /** Whether it has a subresource that makes a kubeconfig with a key. */
  readonly hasKeyedKubeconfig: boolean;
  /** Whether it is a namespace of a connected cluster, of whose API it shows a part. Else its API is its own, and sleeps with it. */
  readonly isNamespace: boolean;
}

/** A row for each kind, so that no page asks which kind it shows. */
export const consoleKinds = {
  tenant: {
    pages: {
      list: '/tenant-clusters',
      create: '/tenant-clusters/new',
      one: '/projects/$project/tenant-clusters/$name',
    },
    hasOwnValues: true,
    createTakesTemplate: true,
    usageOption: [],
    hasKeyedKubeconfig: true,
    isNamespace: false,
  },
  space: {
    pages: { list: '/spaces', create: '/spaces/new', one: '/projects/$project/spaces/$name' },
    hasOwnValues: false,
    createTakesTemplate: false,
    usageOption: ['--space'],
    hasKeyedKubeconfig: false,
    isNamespace: true,
  },
} as const satisfies Record<ManagedKind, ConsoleKind>;
