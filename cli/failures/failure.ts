import { type ErrorCode, errorTable } from '../../contracts/errors.ts';

/** Commands that help after a failure, by its code. */
const nextCommands: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'vcp login <url>',
  project_not_found: 'vcp projects list',
  template_not_found: 'vcp templates list',
  cluster_not_found: 'vcp clusters list',
  tenant_cluster_not_found: 'vcp list vclusters',
  space_not_found: 'vcp list spaces',
  operation_not_found: 'vcp operations list',
  snapshot_not_found: 'vcp snapshot list',
  operation_finished: 'vcp operations get <id>',
};

/** Why a command ends; printed as one line, with the exit code of its error code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: ErrorCode;
  readonly requestId: string | undefined;
  /** The problem document of the platform, if it sent one. */
  readonly problem: unknown;
  /** The command that helps, if it is not the one of the code. */
  readonly next: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { requestId?: string | undefined; problem?: unknown; next?: string | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.requestId = options.requestId;
    this.problem = options.problem;
    this.next = options.next;
  }
}

/** `error: <title>: <detail> (code, request id); try: <command>` */
export function failureLine({ code, message, requestId, next = nextCommands[code] }: CommandFailure): string {
  const id = requestId === undefined ? '' : `, request ${requestId}`;
  const line = `error: ${errorTable[code].title}: ${message.replaceAll(/\s*\n\s*/g, ' ')} (${code}${id})`;
  return next === undefined || message.includes('vcp ') ? line : `${line}; try: ${next}`;
}
