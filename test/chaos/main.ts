/**
 * `npm run chaos [-- --seed N --targets worker,gateway --operations create,delete]`: kills each process of the
 * platform (SIGKILL) at a random moment in each lifecycle operation, and checks that the operation reaches its
 * end state, that nothing ran twice with effect and that nothing is left over. Exit code 1 if any round fell short.
 * With `--held` requests to a sleeper are held meanwhile, and each process is killed, and hangs for a while, in the middle of its wake.
 * With `--crossings` requests are held while sleep, wake and delete meet, a wake cannot succeed, or a time of a schedule passes unseen.
 */
import { parseArgs } from 'node:util';
import { kindNames, type VerbOf } from '../../contracts/kinds.ts';
import { removeStateDir } from '../support/platform.ts';
import { crossings, runCrossing } from './crossing-round.ts';
import { createRandom } from './random.ts';
import { createFleet } from './fleet.ts';
import { chaosTargets, type ChaosTarget } from './targets.ts';
import { runHeldRound } from './held-round.ts';
import { runRound, type RoundReport } from './round.ts';

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    targets: { type: 'string', default: chaosTargets.join(',') },
    operations: { type: 'string', default: kindNames.tenant.verbs.join(',') },
    rounds: { type: 'string', default: '1' },
    held: { type: 'boolean', default: false },
    crossings: { type: 'boolean', default: false },
    'keep-state': { type: 'boolean', default: false },
  },
});

/** A round that could not even be run to its end. */
function failedRound(
  { target, type }: { target: ChaosTarget; type: VerbOf<'tenant'> },
  error: unknown,
): RoundReport {
  const problem = error instanceof Error ? error.message : String(error);
  return {
    target,
    type,
    killedAfterMs: -1,
    stepAtKill: 'unknown',
    state: 'unknown',
    totalMs: -1,
    problems: [problem],
  };
}

const random = createRandom(Number(flags.seed));
const targets = flags.targets.split(',') as ChaosTarget[];
const operations = new Set(flags.operations.split(',') as VerbOf<'tenant'>[]);
console.log(`chaos: seed ${flags.seed}, ${targets.length} targets, operations ${[...operations].join(', ')}`);

const reports: RoundReport[] = [];

/** The order is a life: every operation finds the state it needs, whether or not it is among those killed. */
function* plannedRounds(): Generator<{ target: ChaosTarget; tenant: string; type: VerbOf<'tenant'> }> {
  for (let pass = 0; pass < Number(flags.rounds); pass++) {
    for (const target of targets) {
      const tenant = `chaos-${target}-${pass}`;
      for (const type of ['create', 'update', 'sleep', 'wake', 'snapshot', 'restore', 'delete'] as const) {
        yield { target, tenant, type };
      }
    }
  }
}

function tell(report: RoundReport): void {
  reports.push(report);
  const { target, type, killedAfterMs, stepAtKill, state, totalMs, problems } = report;
  const verdict = problems.length === 0 ? 'ok' : `FELL SHORT: ${problems.join('; ')}`;
  const killed = `killed after ${String(killedAfterMs).padStart(5)} ms in "${stepAtKill}"`;
  console.log(
    `${target.padEnd(24)} ${type.padEnd(9)} ${killed}, ended ${state} after ${totalMs} ms: ${verdict}`,
  );
}

/** Requests to a sleeper while each process is killed, and while it hangs. */
async function heldRounds(): Promise<void> {
  const tenant = 'chaos-held';
  await runRound({ fleet, target: 'worker', tenant, type: 'create', kill: false, random });
  for (let pass = 0; pass < Number(flags.rounds); pass += 1)
    for (const target of targets)
      for (const how of ['killed', 'hangs'] as const) {
        if (target === 'supervisor' && how === 'hangs') continue;
        const { afterMs, ends, sentAgain, closed, longestMs, wakes, problems } = await runHeldRound({
          ...{ fleet, tenant, target, how, random },
        });
        console.log(
          `${target.padEnd(24)} ${how} after ${afterMs} ms: ${JSON.stringify(ends)}, ${sentAgain} sent again, ${closed} had their connection closed, ` +
            `longest ${longestMs} ms; ${wakes.join(', ')}: ${problems.length === 0 ? 'ok' : 'FELL SHORT'}`,
        );
        if (problems.length > 0) process.exitCode = 1;
      }
  await runRound({ fleet, target: 'worker', tenant, type: 'delete', kill: false, random });
}

async function crossingRounds(): Promise<void> {
  for (let pass = 0; pass < Number(flags.rounds); pass += 1)
    for (const [index, crossing] of crossings.entries()) {
      const tenant = `crossed-${pass}-${index}`;
      await runRound({ fleet, target: 'worker', tenant, type: 'create', kill: false, random });
      const { problems, ...report } = await runCrossing(crossing, { fleet, tenant, random });
      const verdict = problems.length === 0 ? 'ok' : `FELL SHORT: ${problems.join('; ')}`;
      const { ends, longestMs, operations: seen, phase } = report;
      console.log(
        `${crossing}: ${JSON.stringify(ends)}, longest ${longestMs} ms; ${seen.join(', ')}; ${phase}: ${verdict}`,
      );
      if (problems.length > 0) process.exitCode = 1;
      if (phase !== 'gone')
        await runRound({ fleet, target: 'worker', tenant, type: 'delete', kill: false, random });
    }
}

const fleet = await createFleet();
try {
  if (flags.crossings) await crossingRounds();
  else if (flags.held) await heldRounds();
  else
    for (const planned of plannedRounds()) {
      const round = { ...planned, fleet, random, kill: operations.has(planned.type) };
      const report = await runRound(round).catch((error: unknown) => failedRound(round, error));
      if (round.kill) tell(report);
    }
  const strays = await fleet.strays();
  if (strays.length > 0) {
    console.log(`left over at the end: ${strays.join('; ')}`);
    process.exitCode = 1;
  }
} finally {
  await fleet.stop();
  if (!flags['keep-state']) removeStateDir(fleet.stateDir);
}

if (!flags.held && !flags.crossings) {
  const short = reports.filter((report) => report.problems.length > 0);
  console.log(`\n${reports.length - short.length} passed, ${short.length} failed (seed ${flags.seed})`);
  if (short.length > 0 || reports.length === 0) process.exitCode = 1;
}
