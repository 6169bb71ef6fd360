import { setTimeout as delay } from 'node:timers/promises';
import type { TestPlatform } from '../support/platform.ts';
import { pidsNaming, sumMiB, treeOf } from './memory.ts';
import { applyInstance, endedOperation, operate, podOf } from './tenant.ts';

const ours = ['gateway', 'worker', 'controllers'];
const settleMs = 15_000;

/** Memory (PSS) of the platform's own processes with no tenants, of everything else that was started, and of one awake tenant. */
export async function benchMemory(platform: TestPlatform): Promise<void> {
  await delay(settleMs);
  console.log('memory, MiB (PSS)');
  let own = 0;
  let others = 0;
  for (const [name, { pid }] of Object.entries(platform.processes())) {
    // Everything is a child of the supervisor.
    const size = sumMiB(name === 'supervisor' ? [pid] : treeOf(pid));
    if (ours.includes(name)) own += size;
    else others += size;
    console.log(`  ${name.padEnd(32)} ${Math.round(size)}`);
  }
  console.log(`  gateway + worker + controllers   ${Math.round(own)} (aim ≤ 500)`);
  console.log(`  all else that was started        ${Math.round(others)}`);
  await applyInstance(platform, 'memory');
  await endedOperation(platform, 'memory', 'create');
  await delay(settleMs);
  const tenant = sumMiB(pidsNaming(podOf(platform, 'memory').uid));
  console.log(`  one awake tenant cluster         ${Math.round(tenant)}\n`);
  await operate(platform, 'memory', 'delete');
}
