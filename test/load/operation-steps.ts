import type { Operation } from '../../contracts/operations.ts';
import type { TestPlatform } from '../support/platform.ts';
import { spread } from './statistics.ts';
import { applyInstance, endedOperation, operate } from './tenant.ts';

const elapsed = (from: string | undefined, to: string | undefined) =>
  from && to ? Date.parse(to) - Date.parse(from) : 0;

/** Every operation `repeats` times, by step. */
export async function benchSteps(platform: TestPlatform, repeats: number): Promise<void> {
  const runs = new Map<string, Operation[]>();
  const record = (operation: Operation) =>
    runs.set(operation.type, [...(runs.get(operation.type) ?? []), operation]);
  for (let index = 0; index < repeats; index++) {
    const name = `steps-${index}`;
    await applyInstance(platform, name);
    record(await endedOperation(platform, name, 'create'));
    record(await operate(platform, name, 'update'));
    record(await operate(platform, name, 'snapshot', 'bench'));
    record(await operate(platform, name, 'restore', 'bench'));
    record(await operate(platform, name, 'sleep'));
    record(await operate(platform, name, 'wake'));
    record(await operate(platform, name, 'delete'));
  }
  console.log(`operations by step, ms: min / median / max of ${repeats}`);
  for (const [type, operations] of runs) {
    console.log(
      `  ${type.padEnd(10)} ${spread(operations.map((operation) => elapsed(operation.createdAt, operation.finishedAt)))}`,
    );
    for (const step of operations[0]?.steps ?? []) {
      const durations = operations
        .map((operation) => operation.steps.find((each) => each.key === step.key))
        .map((each) => elapsed(each?.startedAt, each?.finishedAt));
      console.log(`    ${step.key.padEnd(28)} ${spread(durations)}`);
    }
  }
  console.log();
}
