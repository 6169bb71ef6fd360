import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath } from '../support/platform.ts';
import type { Fleet } from './fleet.ts';

const pathOf = (tenant: string) => `/api/v1/projects/default/virtualclusters/${tenant}/operations`;

/** An operation that was just asked for. @throws Error if it was refused */
export async function submitted(fleet: Fleet, tenant: string, type: OperationType): Promise<Operation> {
  const answer = await fleet.call('POST', pathOf(tenant), { type });
  if (answer.status !== 202) throw new Error(`submit ${type} ${tenant}: ${answer.status} ${answer.text}`);
  return answer.json<Operation>();
}

/** What will have been done once nothing is open: the type and state of each operation that there is not yet. */
export async function operationsSince(fleet: Fleet, tenant: string): Promise<() => Promise<string[]>> {
  const list = async () => {
    const answer = await fleet.call('GET', pathOf(tenant));
    return answer.status === 200 ? answer.json<{ items: Operation[] }>().items : [];
  };
  const before = new Set((await list()).map(({ id }) => id));
  return async () => {
    const since = await eventually(
      'nothing is open',
      async () => {
        const all = (await list()).filter(({ id }) => !before.has(id));
        return all.every(({ state }) => isFinal(state)) && all;
      },
      { timeoutMs: 240_000 },
    );
    return since.toReversed().map(({ type, state }) => `${type} ${state}`);
  };
}

/** Its phase; `gone` if there is no such instance. */
export async function phaseOf(fleet: Fleet, tenant: string): Promise<string> {
  const answer = await fleet.call('GET', `${instancesPath}/${tenant}`);
  if (answer.status === 404) return 'gone';
  return answer.json<{ status?: { phase?: string } }>().status?.phase ?? '';
}
