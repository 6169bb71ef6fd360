import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Operation } from '../../contracts/operations.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandResult, instancesPath, run, type TestPlatform } from '../support/platform.ts';
import { manifestsOf } from '../support/guides.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { shellCommands } from '../support/shell-blocks.ts';

/** What a command of a document must answer with, besides exit code 0. The first pattern that fits counts. */
type Expected = readonly [command: RegExp, output: RegExp, code?: number];

/** Commands that start the platform or test it: this suite stands on one. */
const notHere = /^(?:npm|git) /;
const watchSeconds = 5;

/** What people are told to type, typed in order, on a machine whose state folder is the platform's. */
describe('examples of the documents', { timeout: 1_800_000 }, () => {
  let platform: TestPlatform;
  let home: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    platform = await sharedPlatform();
    home = mkdtempSync(join(tmpdir(), 'vcp-home-'));
    symlinkSync(platform.stateDir, join(home, '.vcluster-platform'));
    const bin = join(home, 'bin');
    mkdirSync(bin);
    // As `npm i -g` would install it.
    writeFileSync(
      join(bin, 'vcp'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, '../../cli/main.ts')}' "$@"\n`,
    );
    chmodSync(join(bin, 'vcp'), 0o755);
    const { KUBECONFIG: _kubeconfig, VCP_CONFIG: _config, ...others } = process.env;
    env = {
      ...others,
      HOME: home,
      PATH: [bin, dirname(findProgram('kubectl')), dirname(process.execPath), others['PATH']].join(delimiter),
    };
  });
  after(() => {
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  });

  const shell = (script: string, more: NodeJS.ProcessEnv = {}): Promise<CommandResult> =>
    run('bash', ['-o', 'pipefail', '-c', script], { env: { ...env, ...more }, timeoutMs: 600_000 });

  /** Runs all commands of the document, with what it defines in between. */
  async function follow(
    file: string,
    expected: readonly Expected[],
    {
      fill = async (command) => command,
      more = {},
    }: { fill?: (command: string) => Promise<string>; more?: NodeJS.ProcessEnv } = {},
  ): Promise<void> {
    const unused = new Set(expected);
    let defined = '';
    for (const written of shellCommands(file)) {
      if (notHere.test(written)) continue;
      const command = (await fill(written)).replace(/^npx vcp /, 'vcp ');
      if (/^\w+(?:\(\)|=)/.test(command)) defined += `${command}\n`;
      const isWatch = / -w(?: |$)/.test(command);
      const { code, stdout, stderr } = await shell(
        isWatch ? `timeout ${watchSeconds} ${command}` : `${defined}${command}`,
        more,
      );
      const rule = expected.find(([pattern]) => pattern.test(written));
      const told = `${file}: ${written}\nexit code ${code}\n${stdout}${stderr}`;
      assert.equal(code, isWatch ? 124 : (rule?.[2] ?? 0), told);
      if (rule === undefined) continue;
      unused.delete(rule);
      assert.match(`${stdout}${stderr}`, rule[1], told);
    }
    assert.deepEqual(
      [...unused].map(([pattern]) => `${file} has no command ${String(pattern)}`),
      [],
    );
  }

  const isReady = (name: string) =>
    eventually(`${name} is Ready`, async () => {
      const answer = await platform.call('GET', `${instancesPath}/${name}`);
      return answer.json<{ status?: { phase?: string } }>().status?.phase === 'Ready';
    });
  const removed = async (kind: string, name: string) => {
    const { code, stdout, stderr } = await shell(`vcp delete ${kind} ${name}`);
    assert.equal(code, 0, `${stdout}${stderr}`);
  };

  test('the README', async () => {
    const fill = async (command: string) => {
      if (command.includes('<id>')) {
        await isReady('my-second');
        return command.replaceAll('<id>', (await platform.first('my-second', 'create')).id);
      }
      return command;
    };
    await follow(
      'README.md',
      [
        [/ login /, /logged in/i],
        [/ create vcluster my-first/, /my-first/],
        [/^kubectl get namespaces/, /kube-system/],
        [/ why vcluster my-first/, /^Awake: \w+ used it .*\.$/m],
        [/ delete vcluster my-first/, /my-first/],
        [/ apply -f - <</, /my-second created/],
        [/ -A -w$/, /my-second/],
        [/^kubectl wait operation/, /condition met/],
        [/ retry vcluster my-second/, /nothing to try again/, 5],
        [/^kubectl annotate/, /annotated/],
        [/^curl .*virtualclusters/, /"items":\[.*"my-second"/],
      ],
      { fill },
    );
    await removed('vcluster', 'my-second');
  });

  test('the first steps', async () => {
    await follow('docs/guides/first-steps.md', [
      [/ create vcluster my-first/, /my-first/],
      [/^kubectl create configmap/, /greeting created/],
      [/get operations -n p-default/, /wake/],
      [/^kubectl delete namespace hello/, /deleted/],
      [/^kubectl get configmap greeting/, /greeting/],
    ]);
  });

  test('the guide to templates', async () => {
    const manifests = manifestsOf('templates').filter(({ kind }) => kind !== 'VirtualClusterInstance');
    const management = { KUBECONFIG: join(platform.stateDir, 'admin.kubeconfig') };
    const applied = await shell(
      `kubectl apply -f - <<'YAML'\n${manifests.map((one) => JSON.stringify(one)).join('\n---\n')}\nYAML`,
      management,
    );
    assert.equal(applied.code, 0, applied.stderr);
    await follow('docs/guides/templates.md', [[/^kubectl create/, /kubernetesVersion|size/]], {
      more: management,
    });
    for (const { kind, metadata } of manifests.toReversed())
      assert.equal((await shell(`kubectl delete ${kind} ${metadata.name}`, management)).code, 0, kind);
  });

  test('the OpenAPI document', async () => {
    await shell('vcp create space my-space');
    const admin = platform.admin();
    const files = mkdtempSync(join(home, 'curl-'));
    writeFileSync(
      join(files, 'credentials.json'),
      JSON.stringify({ username: admin.user, password: admin.password }),
      { mode: 0o600 },
    );
    const credentialHash = '0'.repeat(64);
    const agent = { credentialHash, clusterUid: 'a', agentVersion: 'a' };
    writeFileSync(join(files, 'agent.json'), JSON.stringify(agent));
    writeFileSync(join(files, 'credential.json'), JSON.stringify({ credentialHash }));
    const variables: Record<string, string> = {
      JOIN_KEY: 'unknown',
      AGENT_CREDENTIAL: 'unknown',
      PLATFORM: admin.url,
      CA: admin.caFile,
      KEY: admin.accessKey,
      OPERATION: (await platform.first('my-first', 'create')).id,
    };
    const samples = await samplesOf(platform);
    for (const operationId of inOrder([...samples.keys()])) {
      const sample = samples.get(operationId);
      assert.ok(sample, `the document has no operation ${operationId}`);
      const { status, text, told } = await answerTo(sample, async (command) =>
        shell(`cd '${files}' && ${command}`, variables),
      );
      assert.equal(status, statuses[operationId] ?? 200, `${operationId}: ${told}`);
      if (operationId === 'createSession')
        variables['CSRF'] = (JSON.parse(text) as { csrfToken: string }).csrfToken;
      if (status === 202 && /^create.*Operation$/.test(operationId)) {
        variables['OPERATION'] = (JSON.parse(text) as Operation).id;
        assert.equal((await platform.ended(variables['OPERATION'])).state, 'succeeded');
      }
    }
    await removed('space', 'my-space');
    await removed('vcluster', 'my-first');
  });
});

/** Answers other than 200. What changes something, and so stands in an order. */
const statuses: Readonly<Record<string, number>> = {
  createOperation: 202,
  createSpaceOperation: 202,
  retryVirtualCluster: 409,
  retrySpace: 409,
  cancelOperation: 409,
  deleteSnapshot: 202,
  deleteUnclaimedNamespace: 404,
  loginWithPassword: 200,
  createSession: 200,
  createSessionKey: 201,
  logout: 204,
  getLoginDone: 303,
  joinAgent: 401,
  rotateAgentCredential: 401,
};

/** Operations that only read, then those that change something. */
function inOrder(operationIds: readonly string[]): string[] {
  return [...operationIds.filter((id) => !(id in statuses)), ...Object.keys(statuses)];
}

async function samplesOf(platform: TestPlatform): Promise<Map<string, string>> {
  const document = (await platform.call('GET', '/api/v1/openapi.json')).json<{
    paths: Record<string, Record<string, { operationId: string; 'x-codeSamples': { source: string }[] }>>;
  }>();
  const operations = Object.values(document.paths).flatMap((byMethod) => Object.values(byMethod));
  return new Map(
    operations.map((operation) => [operation.operationId, operation['x-codeSamples'][0]?.source ?? '']),
  );
}

/** What the command of an example is answered. A stream that stays open is left after some seconds. */
async function answerTo(
  sample: string,
  shellIn: (command: string) => Promise<CommandResult>,
): Promise<{ status: number; text: string; told: string }> {
  const command = sample.replace(
    /^curl /,
    `curl -sS -w '\\n%{http_code}' ${sample.includes(' -N ') ? `--max-time ${watchSeconds} ` : ''}`,
  );
  const { code, stdout, stderr } = await shellIn(command);
  const told = `${sample}\nexit code ${code}\n${stdout}${stderr}`;
  const lines = stdout.split('\n');
  const status = Number(lines.pop());
  const isLeft = code === 28 && sample.includes(' -N ');
  assert.equal(code === 0 || isLeft, status < 400, told);
  return { status, text: lines.join('\n'), told };
}
