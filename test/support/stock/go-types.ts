import assert from 'node:assert/strict';
import { buildGoTypes } from '../../go-types/build.ts';
import { run } from '../platform.ts';

/** What the Go type of an answer's kind does not know of it, or has as another type. */
export interface DecodedAnswer {
  /** The request that it answers. */
  readonly from: string;
  readonly kind: string;
  readonly problems: readonly string[];
}

/** Decodes answers strictly with vCluster Platform's own Go types, each by the request that it answers. */
export async function decodeAnswers(answers: ReadonlyMap<string, string>): Promise<DecodedAnswer[]> {
  const input = [...answers].map(([from, answer]) => `{"from":${JSON.stringify(from)},"answer":${answer}}`);
  const { code, stdout, stderr } = await run(await buildGoTypes(), [], { input: input.join('\n') });
  assert.equal(code, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DecodedAnswer);
}
