import { tunnelSlots } from '../../contracts/agents.ts';
import { tunnelledClusters } from './gateway-objects.ts';
import { startGatewayProcesses } from './gateway-processes.ts';
import { median } from './statistics.ts';

/** A hundred agents at once come back to a gateway that was killed and started again. */
export async function benchGatewayRestart(repeats: number): Promise<void> {
  const processes = await startGatewayProcesses({ logBytes: 0 });
  try {
    const { lines } = await processes.startAgents(tunnelledClusters);
    const all = { agents: tunnelledClusters.length, tunnels: tunnelledClusters.length * tunnelSlots };
    const found = { agents: [] as number[], tunnels: [] as number[], fromKill: [] as number[] };
    for (let round = 0; round < repeats; round++) {
      const killedAt = performance.now();
      const back: Partial<Record<'agents' | 'tunnels', number>> = {};
      const { promise: returned, resolve } = Promise.withResolvers<void>();
      let isLost = false;
      const look = (line: string) => {
        const [agents = 0, tunnels = 0] = line.split(' ').map(Number);
        isLost ||= tunnels === 0;
        if (isLost && agents === all.agents) back.agents ??= performance.now();
        if (isLost && tunnels === all.tunnels) back.tunnels ??= performance.now();
        if (back.tunnels !== undefined) resolve();
      };
      lines.on('line', look);
      await processes.restartGateway();
      const readyAt = performance.now();
      await returned;
      lines.off('line', look);
      found.agents.push((back.agents ?? Number.NaN) - readyAt);
      found.tunnels.push((back.tunnels ?? Number.NaN) - readyAt);
      found.fromKill.push((back.tunnels ?? Number.NaN) - killedAt);
    }
    const seconds = (values: readonly number[]) => `${(median(values) / 1000).toFixed(1)} s`;
    console.log(
      `tunnel: ${all.agents} agents after a gateway was killed and started again, medians of ${repeats} (aim: 15 s)`,
    );
    console.log(`  all have a tunnel               ${seconds(found.agents)} after it is ready`);
    console.log(
      `  all have both                   ${seconds(found.tunnels)}, ${seconds(found.fromKill)} after it was killed\n`,
    );
  } finally {
    await processes.stop();
  }
}
