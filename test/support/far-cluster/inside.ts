/**
 * `node inside.ts <settings>`: what runs in the namespaces of far-cluster.ts. Starts the cluster and the inner end of its way out,
 * says over IPC what the cluster is, and stops all of it when the parent lets go.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { labels, platformNamespace } from '../../../contracts/names.ts';
import { startExternalCluster } from '../external-cluster.ts';

export interface FarClusterSettings {
  readonly gatewayPort: number;
  /** Unix socket of the relay, on the machine's side. */
  readonly socket: string;
  readonly hostPath: string;
}

export interface FarClusterReady {
  readonly url: string;
  /** Path, of a member of `system:masters`. */
  readonly kubeconfig: string;
  readonly nodeDir: string;
  /** PEM. */
  readonly certificateAuthority: string;
}

const { gatewayPort, socket, hostPath } = JSON.parse(process.argv[2] ?? '{}') as FarClusterSettings;

/** The relay behind the socket decides what comes through; this end only passes it on, an end included. */
async function openWayOut(): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const out = connect(socket);
    client.pipe(out).pipe(client);
    client.on('error', () => out.destroy()).on('close', () => out.destroy());
    out.on('error', () => client.resetAndDestroy()).on('close', () => client.destroy());
  });
  server.listen(gatewayPort, '127.0.0.1');
  await once(server, 'listening');
}

const isParentGone = new Promise<void>((resolve) => process.once('disconnect', resolve));
try {
  await openWayOut();
  const cluster = await startExternalCluster({ hostPath });
  const { url, kubeconfig, nodeDir, certificateAuthority, stop } = cluster;
  // Its node runs pods of marked namespaces only.
  await connectCluster(cluster.adminKubeconfig).core.createNamespace({
    body: { metadata: { name: platformNamespace, labels: { [labels.managed]: 'true' } } },
  });
  process.send?.({ url, kubeconfig, nodeDir, certificateAuthority } satisfies FarClusterReady);
  await isParentGone;
  await stop();
  process.exit(0);
} catch (error) {
  process.send?.({ failure: String(error) });
  process.exitCode = 1;
}
