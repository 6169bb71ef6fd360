/**
 * What of it Helm does when the check is fooled, as the identity that it acts as. `refused`: the API server, or Helm, does not
 * make it. `inside`: it is made, and changes nothing outside the host namespace. `node`: the check alone keeps it from
 * the node it would run on, and from those it would share that with.
 */
export type Fooled = 'refused' | 'inside' | 'node';

/**
 * What an inline template of chart `vcluster` sets to reach what is another's; `NAME` is its tenant cluster. `check` is
 * what the check says to it; undefined: it lets it through, as what it makes stays where it may be.
 */
export type UpstreamAttack = readonly [
  what: string,
  values: object,
  check: RegExp | undefined,
  fooled: Fooled,
];
