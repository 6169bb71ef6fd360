import type { AnyObject } from './kubernetes-objects.ts';

/** A list as the API server prepares it for people (`meta.k8s.io/v1` Table). */
export interface KubernetesTable {
  readonly metadata?: { readonly continue?: string; readonly remainingItemCount?: number };
  readonly columnDefinitions: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  /** `name`: the object's name. */
  readonly format?: string;
  readonly description?: string;
  /** 0: always shown; more: where there is room. */
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly unknown[];
  /** Its metadata, without the rest. */
  readonly object: Pick<AnyObject, 'metadata'>;
}

/** The answer to a request for a table: servers of an API of their own may know none, and answer with the list. */
export type KubernetesTableOrList =
  | (KubernetesTable & { readonly kind: 'Table' })
  | {
      readonly kind: string;
      readonly metadata?: KubernetesTable['metadata'];
      readonly items?: readonly AnyObject[];
    };

export function asTable(answer: KubernetesTableOrList): KubernetesTable {
  if ('columnDefinitions' in answer) return { ...answer, rows: answer.rows ?? [] };
  const items = answer.items ?? [];
  return {
    ...(answer.metadata === undefined ? {} : { metadata: answer.metadata }),
    columnDefinitions: [
      { name: 'Name', type: 'string', priority: 0 },
      { name: 'Age', type: 'string', priority: 0 },
    ],
    rows: items.map(({ metadata }) => ({
      cells: [metadata.name, metadata.creationTimestamp ?? ''],
      object: { metadata },
    })),
  };
}
