import type { ManagedKind, OperationSubject } from '../../contracts/kinds.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import type { Operation, OperationRequest } from '../../contracts/operations.ts';
import type { Client } from '../connection/client.ts';

type Asked = Omit<OperationRequest, 'dryRun'>;

/** Asks for an operation, or joins the one that is open. */
export function createOperation(
  client: Client,
  subject: OperationSubject,
  request: Asked,
): Promise<Operation> {
  const { kind, project, name } = subject;
  return kind === 'cluster'
    ? client.api.createClusterOperation({ params: { name }, body: request })
    : client.api.of<ManagedKind>(kind).createOperation({ params: { project, name }, body: request });
}

/** What the platform says that a request for an operation would do. @throws CommandFailure as the request itself */
export function previewOperation(
  client: Client,
  { kind, project, name }: OperationSubject,
  request: Asked,
): Promise<OperationPreview> {
  // An earlier version of the platform refuses the field, so that it never does for real what was to be tried.
  const body = { ...request, dryRun: true } as const;
  return kind === 'cluster'
    ? client.api.previewClusterOperation({ params: { name }, body })
    : client.api.of<ManagedKind>(kind).previewOperation({ params: { project, name }, body });
}
