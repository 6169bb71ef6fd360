import { type ErrorCode, errorTable } from '../contracts/errors.ts';

/** Why a command ends; printed as one line, with the exit code of its error code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: ErrorCode;
  readonly requestId: string | undefined;
  /** The problem document of the platform, if it sent one. */
  readonly problem: unknown;

  constructor(
    code: ErrorCode,
    message: string,
    options: { requestId?: string | undefined; problem?: unknown } = {},
  ) {
    super(message);
    this.code = code;
    this.requestId = options.requestId;
    this.problem = options.problem;
  }
}

/** `error: <title>: <detail> (code, request id)` */
export function failureLine({ code, message, requestId }: CommandFailure): string {
  const id = requestId === undefined ? '' : `, request ${requestId}`;
  return `error: ${errorTable[code].title}: ${message.replaceAll(/\s*\n\s*/g, ' ')} (${code}${id})`;
}
