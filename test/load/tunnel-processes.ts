import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { agentSpace } from '../../local/node-program.ts';
import { createBenchChildren, nextLine, untilLine } from './bench-children.ts';
import type { TunnelAgentSettings } from './tunnel-agent.ts';
import type { TunnelBackendSettings } from './tunnel-backend.ts';
import type { TunnelCommand, TunnelGatewaySettings } from './tunnel-gateway.ts';

/** Both ends of one tunnel and what is behind it, each a process of its own. */
export interface TunnelProcesses {
  readonly gatewayPid: number;
  readonly agentPid: number;
  run<T>(command: TunnelCommand): Promise<T>;
  stop(): Promise<void>;
}

/** @param delayMs how long each byte between gateway and agent takes, one way */
export async function startTunnelProcesses({ delayMs = 0 } = {}): Promise<TunnelProcesses> {
  const children = createBenchChildren();
  const { start, write } = children;
  const authority = await createCertificateAuthority('bench');
  const serving = await authority.issue({
    commonName: 'bench',
    names: ['localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const ca = authority.certificate;
  const backend = start('test/load/tunnel-backend.ts', [
    write('backend.json', serving satisfies TunnelBackendSettings),
  ]);
  const [tlsPort = 0, tcpPort = 0] = (await nextLine(backend.lines)).split(' ').map(Number);
  const settings: TunnelGatewaySettings = { ...serving, ca, tlsPort, tcpPort };
  const gateway = start('test/load/tunnel-gateway.ts', [write('gateway.json', settings)]);
  const gatewayPort = await nextLine(gateway.lines);
  const port =
    delayMs === 0
      ? gatewayPort
      : await nextLine(start('test/load/tunnel-relay.ts', [gatewayPort, String(delayMs)]).lines);
  const url = `https://127.0.0.1:${port}`;
  const agentSettings: TunnelAgentSettings = {
    url,
    caFile: write('ca.crt', ca),
    backendPort: tlsPort,
    credentials: ['any'],
  };
  const agent = start('test/load/tunnel-agent.ts', [write('agent.json', agentSettings)], {
    space: agentSpace,
  });
  await untilLine(gateway.lines, /^tunnel$/);
  return {
    gatewayPid: gateway.pid,
    agentPid: agent.pid,
    async run(command) {
      gateway.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse(await nextLine(gateway.lines)) as never;
    },
    stop: children.stop,
  };
}
