import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from './eventually.ts';
import { type CommandResult, run, type TestPlatform } from './platform.ts';

/** A user of a platform, who is no administrator. */
export interface Member {
  readonly key: string;
  /** kubectl on a path of the gateway, in `namespace`. */
  kubectl(path: string, namespace: string, args: readonly string[], input?: string): Promise<CommandResult>;
  /** Path of a kubeconfig for a path of the gateway. */
  kubeconfig(path: string, namespace: string): string;
  forget(): void;
}

/** Makes user `name` with a key of his own. */
export async function newMember(platform: TestPlatform, name: string): Promise<Member> {
  const key = `test-key-of-${name}-0123456789abcdef0123456789abcdef`;
  const objects = [
    { kind: 'User', metadata: { name }, spec: { username: name } },
    { kind: 'AccessKey', metadata: { name: `key-${name}` }, spec: { user: name, key } },
  ];
  for (const object of objects) {
    const plural = object.kind === 'User' ? 'users' : 'accesskeys';
    const answer = await platform.call(
      'POST',
      `/kubernetes/management/apis/management.loft.sh/v1/${plural}`,
      { apiVersion: 'management.loft.sh/v1', ...object },
    );
    assert.equal(answer.status, 201, answer.text);
  }
  await eventually(`${name} is let in`, async () => {
    const answer = await platform.call('GET', '/api/v1/projects', undefined, { key });
    return answer.status === 200;
  });
  const dir = mkdtempSync(join(tmpdir(), `vcp-${name}-`));
  let count = 0;
  const kubeconfig = (path: string, namespace: string) => {
    const file = join(dir, `${++count}.conf`);
    const { url, caFile } = platform.admin();
    const cluster = { server: `${url}${path}`, 'certificate-authority': caFile };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'c', user: { token: key } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'c', namespace } }],
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  };
  return {
    key,
    kubeconfig,
    kubectl: (path, namespace, args, input) =>
      run(
        findProgram('kubectl'),
        [
          '--kubeconfig',
          kubeconfig(path, namespace),
          '--cache-dir',
          join(dir, path.replaceAll('/', '_')),
          ...args,
        ],
        input === undefined ? {} : { input },
      ),
    forget: () => rmSync(dir, { recursive: true, force: true }),
  };
}
