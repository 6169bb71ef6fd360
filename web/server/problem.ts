import type { Problem } from '../../contracts/operations.ts';

/** An answer of the platform that is not a success, in either of its forms: a problem of RFC 9457, or a Kubernetes `Status`. */
export class RequestFailure extends Error {
  readonly status: number;
  /** Code of the table of errors; of a Kubernetes `Status` its reason. */
  readonly code: string;
  readonly requestId: string | undefined;
  /** What is wrong with which field, if the answer says so. */
  readonly fields: readonly { readonly path: string; readonly message: string }[];

  constructor(given: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly requestId?: string | undefined;
    readonly fields?: readonly { readonly path: string; readonly message: string }[] | undefined;
  }) {
    super(given.message);
    this.name = 'RequestFailure';
    this.status = given.status;
    this.code = given.code;
    this.requestId = given.requestId;
    this.fields = given.fields ?? [];
  }
}

/** Whether it will be answered the same again; what is away for a moment, or wakes, will not. */
export function isRefusal(error: Error | null): boolean {
  return error instanceof RequestFailure && error.status < 500;
}

/** The platform did not answer at all: the network, or a gateway that is away. */
export class PlatformAway extends Error {
  constructor(cause: unknown) {
    super('The platform cannot be reached', { cause });
    this.name = 'PlatformAway';
  }
}

interface KubernetesStatus {
  readonly kind: 'Status';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

/** What an answer that is not a success says, whatever its form. */
export async function failureOf(answer: Response): Promise<RequestFailure> {
  const { status } = answer;
  const requestId = answer.headers.get('x-request-id') ?? undefined;
  const text = await answer.text();
  const body = parsed(text);
  if (isStatus(body)) {
    const causes = body.details?.causes ?? [];
    return new RequestFailure({
      status,
      code: body.reason ?? 'Unknown',
      message: body.message ?? answer.statusText,
      requestId,
      fields: causes.map(({ field = '', message = '' }) => ({ path: field, message })),
    });
  }
  const problem = (body ?? {}) as Partial<Problem>;
  return new RequestFailure({
    status,
    code: problem.code ?? 'Unknown',
    message: problem.detail ?? problem.title ?? (text.slice(0, 300) || `HTTP ${status}`),
    requestId: problem.requestId ?? requestId,
    fields: problem.errors,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isStatus(body: unknown): body is KubernetesStatus {
  return typeof body === 'object' && body !== null && (body as { kind?: unknown }).kind === 'Status';
}
