/**
 * `node many-agents.ts <settings.json>`: many agents in one process, whose API servers are fakes in it. Prints
 * `connected` when all of them are, and then for each line of its input what the fakes were asked so far.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { createLogger } from '../../adapters/logging.ts';
import { type RunningAgent, startAgent } from '../../agent/agent.ts';
import { platformNamespace } from '../../contracts/names.ts';
import { createFakeClusterApi, type FakeClusterApi } from './fake-cluster-api.ts';

export interface ManyAgentsSettings {
  readonly url: string;
  /** Path. */
  readonly caFile: string;
  /** Folder for their files. */
  readonly dir: string;
  readonly clusters: readonly { readonly name: string; readonly joinKey: string }[];
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ManyAgentsSettings;
const { url, caFile, dir } = settings;
const authority = await createCertificateAuthority('fakes');
const { certificate: cert, key } = await authority.issue({
  commonName: 'fakes',
  names: ['127.0.0.1', 'kubernetes'], // the latter is what every API server's has
  usages: ['server'],
});
const logger = createLogger('agents', 'warn');
const fakes: FakeClusterApi[] = [];
const agents: RunningAgent[] = [];

function write(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

for (const { name, joinKey } of settings.clusters) {
  const fake = createFakeClusterApi();
  const server = createServer({ cert, key }, fake.listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = renderKubeconfig({
    server: `https://127.0.0.1:${port}`,
    certificateAuthority: authority.certificate,
    token: 'agent',
  });
  fakes.push(fake);
  const config = {
    url,
    caFile,
    kubeconfig: write(`${name}.kubeconfig`, kubeconfig),
    joinKeyFile: write(`${name}.key`, joinKey),
    credential: { file: join(dir, `${name}.credential`) },
    namespace: platformNamespace,
  };
  agents.push(startAgent(config, logger));
}

await Promise.all(agents.map(({ ready }) => ready));
console.log('connected');
for await (const _line of createInterface({ input: process.stdin })) {
  const sums: Record<string, number> = {};
  for (const { calls } of fakes) for (const [kind, count] of calls) sums[kind] = (sums[kind] ?? 0) + count;
  console.log(JSON.stringify(sums));
}
