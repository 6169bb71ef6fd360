import { CommandFailure } from './failure.ts';

/** How long each part of an exchange may take, in milliseconds. */
export interface RequestLimits {
  /** Until there is a connection, with TLS. */
  readonly connectMs: number;
  /** Until the head of the answer: what takes longer is an operation, which is accepted at once. */
  readonly answerMs: number;
  /** Between two parts of the answer. */
  readonly silenceMs: number;
}

/** What was asked, and where. */
export interface Exchange {
  readonly url: string;
  readonly proxy: URL | undefined;
  readonly limits: RequestLimits;
}

/** What to do about a certificate that is not accepted, by the code of Node; for others, name its authority. */
const certificates: Readonly<Record<string, readonly [is: string, remedy: string]>> = {
  CERT_HAS_EXPIRED: ['has expired', 'it has to be renewed there'],
  CERT_NOT_YET_VALID: ['is not valid yet', 'look at the clock of this machine'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['is for another name', 'log in at an address that it is for'],
};
const certificateProblems = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS/;
const otherProtocols = /EPROTO|ERR_SSL|HPE_/;

/** Why there is no answer. `error` is of undici or of Node. */
export function unreachable({ url, proxy, limits }: Exchange, error: unknown): CommandFailure {
  const { code, message } = causeOf(error);
  if (certificateProblems.test(code)) return refusedCertificate(url, code);
  const through = proxy === undefined ? '' : ` through the proxy ${proxy.protocol}//${proxy.host}`;
  if (otherProtocols.test(code))
    return new CommandFailure(
      'invalid_request',
      `the server at ${url}${through} does not speak HTTPS (${code})`,
      {
        next: 'vcp login <url>',
      },
    );
  return new CommandFailure(
    'management_unavailable',
    `the platform at ${url} is unreachable${through} (${reasonOf(code, message, limits)})`,
  );
}

/** Why an answer that had begun did not end. A request that changes something may have been carried out. */
export function brokenOff({ url, limits }: Exchange, error: unknown, changes: boolean): CommandFailure {
  const { code, message } = causeOf(error);
  const doubt = changes ? '; what you asked for may have been done: look before you ask again' : '';
  return new CommandFailure(
    'management_unavailable',
    `the answer of the platform at ${url} broke off (${reasonOf(code, message, limits)})${doubt}`,
  );
}

function causeOf(error: unknown): { code: string; message: string } {
  const { code = '', message } = (error instanceof AggregateError ? error.errors[0] : error) as Error & {
    code?: string;
  };
  return { code, message };
}

function refusedCertificate(url: string, code: string): CommandFailure {
  const [is, remedy] = certificates[code] ?? ['cannot be verified', 'log in with --ca-file <file>'];
  return new CommandFailure(
    'invalid_request',
    `the certificate of ${url} ${is} (${code}): ${remedy}, or with --insecure`,
    { next: code in certificates ? `vcp login ${url}` : `vcp login ${url} --ca-file <file>` },
  );
}

/** Codes that say nothing to people. */
function reasonOf(code: string, message: string, limits: RequestLimits): string {
  const seconds = (ms: number) => `${ms / 1000} s`;
  const reasons: Readonly<Record<string, string>> = {
    ENOTFOUND: 'its name is unknown: ENOTFOUND',
    EAI_AGAIN: 'its name cannot be looked up now: EAI_AGAIN',
    ENETUNREACH: 'this machine has no network that leads there: ENETUNREACH',
    UND_ERR_SOCKET: 'it closed the connection',
    UND_ERR_CONNECT_TIMEOUT: `no connection within ${seconds(limits.connectMs)}`,
    UND_ERR_HEADERS_TIMEOUT: `no answer within ${seconds(limits.answerMs)}`,
    UND_ERR_BODY_TIMEOUT: `nothing more within ${seconds(limits.silenceMs)}`,
  };
  // What a proxy refuses has the code of a request that its caller ended.
  return code === '' || code === 'UND_ERR_ABORTED' ? message : (reasons[code] ?? code);
}
