import type { OperationResource } from '../../contracts/resources/operation-resource.ts';
import type { OperationQuery } from './operation-query.ts';

/** Name, type, cell; a priority of 1: only with `-o wide`. */
const columns: readonly {
  readonly name: string;
  readonly priority: 0 | 1;
  readonly cell: (object: OperationResource, now: number) => string;
}[] = [
  { name: 'Name', priority: 0, cell: ({ metadata }) => metadata.name },
  { name: 'Type', priority: 0, cell: ({ spec }) => spec.type },
  { name: 'Kind', priority: 0, cell: ({ spec }) => spec.target.kind },
  { name: 'Target', priority: 0, cell: ({ spec }) => spec.target.name },
  { name: 'Status', priority: 0, cell: ({ status }) => status?.phase ?? '' },
  { name: 'Step', priority: 0, cell: ({ status }) => status?.currentStep ?? '' },
  {
    name: 'Age',
    priority: 0,
    cell: ({ metadata }, now) => duration(now - Date.parse(metadata.creationTimestamp ?? '')),
  },
  { name: 'Actor', priority: 1, cell: ({ spec }) => spec.actor },
  { name: 'Message', priority: 1, cell: ({ status }) => status?.message ?? '' },
];

const columnDefinitions = columns.map(({ name, priority }) => ({
  name,
  type: 'string',
  format: name === 'Name' ? 'name' : '',
  description: '',
  priority,
}));

/** What `kubectl get` asks for: a meta.k8s.io/v1 Table of the objects. */
export function toOperationTable(
  objects: readonly OperationResource[],
  metadata: object,
  include: OperationQuery['includeObject'],
): object {
  const now = Date.now();
  return {
    kind: 'Table',
    apiVersion: tableVersion,
    metadata,
    columnDefinitions,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : metadataOf(object) }),
    })),
  };
}

const tableVersion = 'meta.k8s.io/v1';

function metadataOf({ metadata }: OperationResource): object {
  return { kind: 'PartialObjectMetadata', apiVersion: tableVersion, metadata };
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** As kubectl writes an age: the largest unit of which there are at least two, else seconds. */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, size] of units) if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}
