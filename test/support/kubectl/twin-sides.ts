import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from '../../../toolchain/find-program.ts';
import { type CommandResult, run } from '../platform.ts';
import type { ApiPath, KubectlCommand } from './kubectl-commands.ts';

/** On a machine that is busy one answer may take longer than all the time there is for it. */
const leastAttempts = 3;

/** One of two ways to the same API server, with a namespace of its own there. */
export interface Side {
  readonly namespace: string;
  readonly server: string;
  kubectl(command: KubectlCommand): Promise<CommandResult>;
}

/** kubectl on `kubeconfig`, made to say `namespace`; its caches lie in `dir`, its manifests in `manifestDir`. */
export function openSide(options: {
  dir: string;
  manifestDir: string;
  kubeconfig: object;
  namespace: string;
  server: string;
}): Side {
  const { dir, namespace, server, manifestDir } = options;
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'kubeconfig');
  writeFileSync(file, JSON.stringify(options.kubeconfig), { mode: 0o600 });
  const filled = (text: string) => text.replaceAll('{ns}', namespace).replaceAll('{dir}', manifestDir);
  return {
    namespace,
    server,
    async kubectl({ line, input, editor }) {
      const words = line.split(' ').map(filled);
      for (let attempt = 1; ; attempt++) {
        const result = await run(findProgram('kubectl'), words, {
          env: {
            PATH: process.env['PATH'],
            HOME: dir,
            KUBECONFIG: file,
            ...(editor === undefined ? {} : { KUBE_EDITOR: editor }),
          },
          ...(input === undefined ? {} : { input: filled(input) }),
          timeoutMs: 120_000,
        });
        if (attempt === leastAttempts || !gaveUp.test(result.stderr)) return result;
      }
    },
  };
}

/** kubectl gives an API server 32 s for its schemas, however busy the machine is; then it has done nothing yet. */
const gaveUp = /Client\.Timeout|TLS handshake timeout/;

const replacements: ReadonlyArray<readonly [RegExp, string]> = [
  // Every three minutes an API server looks after cluster IPs, and reports those of services that are just being created.
  [/^.*\bipallocator-repair-controller\b.*\n/gm, ''],
  // On a busy machine a wait may end before its first watch is answered, and says so.
  [/^.*\breflector\.go\b.*"context deadline exceeded".*\n/gm, ''],
  [/^(Events:)\n +Type .*\n +---- .*\n(?! )/gm, '$1                   <none>\n'],
  [/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'TIME'],
  [/^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, 'LOG '],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, 'TIME'],
  [/(resourceVersion"?: ?)"\d+"/g, '$1"N"'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN'],
  [/\b127\.96\.\d+\.\d+\b/g, 'SERVICE-IP'],
  [/\/tmp\/(?:LIVE|MERGED|kubectl-edit)-\d+/g, 'FILE'],
  [/\b(?:(?:\d+[smhd]){1,2}|<invalid>)(?=\s|$)/gm, 'AGE'],
  [/\b(AGE|SERVICE-IP|CLUSTER-IP|LAST SEEN) +/g, '$1 '],
];

/** What a command said, without what differs between any two runs of it: times, ids, its namespace, the address. */
function normalised(result: CommandResult, side: Side, shared: boolean): CommandResult {
  const clean = (text: string) => {
    const cleaned = replacements
      .reduce((current, [pattern, by]) => current.replace(pattern, by), text)
      .replaceAll(side.server, 'SERVER');
    return shared ? cleaned : cleaned.replaceAll(side.namespace, 'NAMESPACE');
  };
  return { code: result.code, stdout: clean(result.stdout), stderr: clean(result.stderr) };
}

/** Both answers to `command`, normalised; asked again for 20 s, and three times at least, where what is read still settles. */
export async function onBothSides(
  path: ApiPath,
  command: KubectlCommand,
  sides: { gateway: Side; direct: Side },
  alike: (gateway: CommandResult, direct: CommandResult) => boolean,
): Promise<{ gateway: CommandResult; direct: CommandResult }> {
  const deadline = performance.now() + 20_000;
  const until = command.until?.[path] ?? /(?:)/;
  for (let attempt = 1; ; attempt++) {
    const [gateway, direct] = await Promise.all(
      [sides.gateway, sides.direct].map(async (side) =>
        normalised(await side.kubectl(command), side, command.shared === true),
      ),
    );
    if (gateway === undefined || direct === undefined) throw new Error('two sides give two answers');
    const settled =
      command.settles !== true ||
      (alike(gateway, direct) && [gateway, direct].every(({ stdout }) => until.test(stdout)));
    if (settled || (attempt >= leastAttempts && performance.now() > deadline)) return { gateway, direct };
    await delay(250);
  }
}

const mostLines = 6;
const longestLine = 200;

/** What differs between two answers: exit codes, and of each output the first lines that only one side has. */
export function differingLines(gateway: CommandResult, direct: CommandResult): string[] {
  const told =
    gateway.code === direct.code ? [] : [`exit code: gateway ${gateway.code}, direct ${direct.code}`];
  for (const output of ['stdout', 'stderr'] as const) {
    const [ours, theirs] = [gateway[output].split('\n'), direct[output].split('\n')];
    for (const [side, lines, others] of [
      ['gateway', ours, theirs],
      ['direct', theirs, ours],
    ] as const) {
      const alone = lines.filter((line) => !others.includes(line));
      told.push(
        ...alone.slice(0, mostLines).map((line) => `${output}, ${side}: ${line.slice(0, longestLine)}`),
      );
      if (alone.length > mostLines) told.push(`${output}, ${side}: … ${alone.length} lines`);
    }
    const place = ours.findIndex((line, index) => line !== theirs[index]);
    if (
      place !== -1 &&
      ours.every((line) => theirs.includes(line)) &&
      theirs.every((line) => ours.includes(line))
    )
      told.push(
        `${output}: the same lines in another order or number, from line ${place + 1}: ${ours[place]}`,
      );
  }
  return told;
}
