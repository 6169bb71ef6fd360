import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ManagedKind, OperationSubject } from '../../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../../contracts/operations.ts';
import type { InstanceName, Row } from '../../server/instances.ts';
import { openOperationsQuery } from '../../server/operations.ts';

/** The operations that have not ended, by what they are about: the one that runs first, then in their order. */
function byTarget(operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> {
  const sorted = operations.toSorted((a, b) => rank(a) - rank(b) || a.createdAt.localeCompare(b.createdAt));
  return Map.groupBy(sorted, (operation) => keyOf(targetOf(operation)));
}

function rank({ state }: Operation): number {
  return state === 'running' ? 0 : 1;
}

function keyOf({ kind, project, name }: OperationSubject): string {
  return `${kind}/${project}/${name}`;
}

const none: readonly Operation[] = [];

/** The operations of an instance that have not ended, the one that runs first; its resource tells of one only when it has. */
export function useOpenOperations(target: InstanceName): readonly Operation[] {
  const { data } = useQuery(openOperationsQuery);
  const key = keyOf(target);
  return useMemo(() => byTarget(data ?? none).get(key) ?? none, [data, key]);
}

/** Rows, with the operation that runs where one does: their resources tell of one only when it has ended. */
export function useBusyRows(kind: ManagedKind, rows: readonly Row[]): readonly Row[] {
  const { data } = useQuery(openOperationsQuery);
  return useMemo(() => {
    const open = byTarget(data ?? none);
    if (open.size === 0) return rows;
    return rows.map((row) => {
      const operation = open.get(keyOf({ kind, project: row.project, name: row.name }))?.[0];
      return operation === undefined ? row : { ...row, ...lastOperationOf(operation) };
    });
  }, [data, rows, kind]);
}

/** An operation as rows and statuses name their last one. */
export function lastOperationOf({ id, type, state }: Operation) {
  return { lastOperation: id, lastOperationType: type, lastOperationState: state } as const;
}
