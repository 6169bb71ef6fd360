import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandResult, run, type TestPlatform } from '../support/platform.ts';
import { fuzz, installSchemathesis } from '../support/schemathesis.ts';
import { sharedPlatform } from '../support/shared-platform.ts';

/** Examples of each operation: `FUZZ_EXAMPLES=200 npm test -- e2e/fuzz` runs all phases as everyone, in full length. */
const asked = process.env['FUZZ_EXAMPLES'];
const allPhases = ['examples', 'coverage', 'fuzzing', 'stateful'];
const memberKey = 'key-of-a-member-that-fuzzes';

/** What no schema says: which parameters belong to which type of operation, what a schedule is, which times make a history, and that cursors are ours. */
const config = `
max-stream-events = 3

[[operations]]
include-operation-id-regex = "^(list|create.*Operation$|previewUsage$|get.*History$)"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409"]

# A stream that never ends unless it is asked to.
[[operations]]
include-operation-id = "watchEvents"
phases.coverage.enabled = false

[operations.parameters]
"query.timeoutSeconds" = "1"
`;

/** Watches do not end; and kube-apiserver itself answers 500 to a resourceVersion that is not a number. */
const managementConfig = `
[parameters]
"query.watch" = "false"
"query.resourceVersion" = "0"
`;

/** The REST API under requests that its own document describes, and forbids. */
describe('fuzzing from the OpenAPI document', { timeout: 3_600_000 }, () => {
  let platform: TestPlatform;
  let refusal: string | undefined;

  before(async () => {
    refusal = await installSchemathesis();
    if (refusal !== undefined) return;
    platform = await sharedPlatform();
    await makeMember(platform);
  });

  for (const [title, keyOf, phases, few] of [
    ['an administrator', () => platform.admin().accessKey, ['coverage', 'stateful'], 2],
    ['a member of a project', () => memberKey, ['fuzzing'], 3],
    ['a caller without a key', () => undefined, ['examples', 'fuzzing'], 1],
  ] as const)
    test(`finds nothing as ${title}`, async (context) => {
      if (refusal !== undefined) return context.skip(refusal);
      const { url, caFile } = platform.admin();
      const { code, stdout, stderr } = await fuzz({
        url,
        caFile,
        key: keyOf(),
        config,
        document: '/api/v1/openapi.json',
        base: '',
        checks: 'all',
        ...(asked === undefined ? { phases, examples: few } : { phases: allPhases, examples: Number(asked) }),
      });
      checkFound(context, { code, stdout, stderr });
    });

  test('finds no fault in the management API as a member of a project', async (context) => {
    if (refusal !== undefined) return context.skip(refusal);
    const { url, caFile } = platform.admin();
    const { code, stdout, stderr } = await fuzz({
      url,
      caFile,
      key: memberKey,
      config: managementConfig,
      document: '/kubernetes/management/openapi/v3/apis/management.loft.sh/v1',
      base: '/kubernetes/management',
      checks: 'not_a_server_error',
      phases: ['fuzzing'],
      examples: Number(asked ?? 1),
    });
    checkFound(context, { code, stdout, stderr });
  });
});

/** Nothing, in requests that were made. */
function checkFound(context: TestContext, { code, stdout, stderr }: CommandResult): void {
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout, /[1-9]\d* selected \/ /);
  const [, tried = ''] = /(\d+ generated.*)/.exec(stdout) ?? [];
  assert.notEqual(tried, '', stdout);
  context.diagnostic(tried);
}

async function makeMember(platform: TestPlatform): Promise<void> {
  const apiVersion = 'management.loft.sh/v1';
  const objects = [
    { apiVersion, kind: 'User', metadata: { name: 'fuzzer' }, spec: {} },
    {
      apiVersion,
      kind: 'AccessKey',
      metadata: { name: 'fuzzer' },
      spec: { user: 'fuzzer', keyHash: createHash('sha256').update(memberKey).digest('hex') },
    },
    {
      apiVersion,
      kind: 'Project',
      metadata: { name: 'fuzzed' },
      spec: {
        members: [{ kind: 'User', name: 'fuzzer', clusterRole: 'loft-management-project-user' }],
        allowedTemplates: [{ kind: 'VirtualClusterTemplate', name: '*' }],
        allowedClusters: [{ name: '*' }],
      },
    },
  ];
  const { code, stderr } = await run(
    findProgram('kubectl'),
    ['--kubeconfig', join(platform.stateDir, 'admin.kubeconfig'), 'apply', '-f', '-'],
    { input: objects.map((object) => JSON.stringify(object)).join('\n---\n') },
  );
  assert.equal(code, 0, stderr);
  await eventually('the member sees the project', async () =>
    (await platform.call('GET', '/api/v1/projects', undefined, { key: memberKey })).text.includes('fuzzed'),
  );
}
