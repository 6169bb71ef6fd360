import type { KubernetesRequest } from './request.ts';

/** What `kubectl get nodes` shows: a Node itself is some ten kilobytes, and there may be thousands. */
const asTable = 'application/json;as=Table;g=meta.k8s.io;v=v1';

interface NodeTable {
  readonly metadata?: { readonly continue?: string };
  readonly columnDefinitions?: readonly { readonly name: string }[];
  readonly rows?: readonly { readonly cells: readonly unknown[] }[] | null;
}

/** Counts the nodes of a cluster, 500 at a time. @throws what `request` throws */
export async function countNodes(
  request: (request: KubernetesRequest) => Promise<unknown>,
): Promise<{ ready: number; total: number }> {
  const counted = { ready: 0, total: 0 };
  let next = '';
  do {
    const query = `limit=500&includeObject=None${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const page = (await request({ path: `/api/v1/nodes?${query}`, accept: asTable })) as NodeTable;
    const column = page.columnDefinitions?.findIndex(({ name }) => name === 'Status') ?? -1;
    counted.total += page.rows?.length ?? 0;
    // One that is ready and cordoned says `Ready,SchedulingDisabled`.
    counted.ready += page.rows?.filter(({ cells }) => /^Ready(,|$)/.test(String(cells[column]))).length ?? 0;
    next = page.metadata?.continue ?? '';
  } while (next !== '');
  return counted;
}
