import type { AuditEvent, AuditLevel } from '../../contracts/audit.ts';
import { type ErrorCode, errorTable, isErrorCode } from '../../contracts/errors.ts';
import type { RequestDescription } from './describe-request.ts';
import type { AuditPolicy } from './policy.ts';

/** Who sent a request and how they showed it. Never the credential itself. */
export interface AuditActor {
  readonly user: string;
  /** The impersonated user, if any (`kubectl --as`). */
  readonly impersonatedUser?: string | undefined;
  /** Groups of the effective user. */
  readonly groups: readonly string[];
  /** `access-key`, `session`, `oidc`; `password` at a login. */
  readonly credentialKind: string;
  /** Name of the access key, issuer of the token. */
  readonly credentialName?: string | undefined;
}

/** What became of a request. */
export interface AuditOutcome {
  /** HTTP status, if one was sent. */
  readonly code?: number;
  /** Error code, or why a stream ended. */
  readonly reason?: string | undefined;
  /** It broke off before its end. */
  readonly aborted?: boolean;
}

/** The tenant cluster whose snapshot a restore names. */
export type AuditSource = Pick<AuditEvent, 'sourceTenantCluster' | 'sourceUid'>;

/** One request on its way into the audit log. */
export interface AuditEntry {
  readonly description: RequestDescription;
  /** Says who sent it, as soon as that is known; gives how much will be kept of it. */
  identify(sender: AuditActor): AuditLevel;
  readonly identified: boolean;
  /** Notes the operation that it started or joined. */
  startsOperation(id: string): void;
  /** Notes whose snapshot a restore names. */
  restoresFrom(source: AuditSource): void;
  /** Notes why it failed, for an outcome that does not say. */
  fails(code: ErrorCode): void;
  /** Takes down the bodies; read when the event is recorded. */
  keepBodies(bodies: { readonly request?: () => unknown; readonly response?: () => unknown }): void;
  /** It is let through to its handler: recorded now. */
  attempted(): void;
  /** An upgraded connection is open. */
  streaming(code: number): void;
  /** It is over. Only the first call counts. */
  end(outcome: AuditOutcome): void;
}

/** What is recorded at the start of a request. */
export interface AuditStart {
  /** Id of the request. */
  readonly id: string;
  readonly method: string;
  readonly description: RequestDescription;
  readonly sourceAddress: string | undefined;
  readonly userAgent: string | undefined;
}

/** Names are shorter; PostgreSQL refuses long ones in an index, and with them the event. */
const maxText = 256;
/** Of their own: bodies, bounded where they are taken down, and the path (describe-request.ts). */
const ownLength: ReadonlySet<string> = new Set(['path', 'requestBody', 'responseBody']);

function bounded(event: AuditEvent): AuditEvent {
  const fields = Object.entries(event).map(([name, value]) =>
    typeof value === 'string' && value.length > maxText && !ownLength.has(name)
      ? [name, value.slice(0, maxText).toWellFormed()]
      : [name, value],
  );
  return Object.fromEntries(fields) as AuditEvent;
}

export function createAuditEntry(
  start: AuditStart,
  { policy, record }: { policy: AuditPolicy; record: (event: AuditEvent) => void },
): AuditEntry {
  const { description } = start;
  const startedAt = performance.now();
  const receivedAt = Date.now();
  let sender: AuditActor | undefined;
  let operationId: string | undefined;
  let source: AuditSource = {};
  let failure: ErrorCode | undefined;
  let bodies: Parameters<AuditEntry['keepBodies']>[0] = {};
  let level: AuditLevel | undefined;
  let begun = false;
  let over = false;

  const levelNow = (): AuditLevel => (level ??= policy(description, sender));
  const put = (stage: AuditEvent['stage'], kept: AuditLevel, outcome: Partial<AuditEvent>) => {
    begun = true;
    const event = {
      id: start.id,
      receivedAt: new Date(receivedAt).toISOString(),
      stage,
      level: kept,
      user: sender?.user,
      impersonatedUser: sender?.impersonatedUser,
      credentialKind: sender?.credentialKind,
      credentialName: sender?.credentialName,
      sourceAddress: start.sourceAddress,
      userAgent: start.userAgent,
      method: start.method,
      ...description,
      operationId,
      ...source,
      ...outcome,
    } as AuditEvent;
    record(bounded(event));
  };

  const bodiesOf = (kept: AuditLevel): Partial<AuditEvent> => ({
    ...(kept === 'None' || kept === 'Metadata' ? {} : { requestBody: bodies.request?.() }),
    ...(kept === 'RequestResponse' ? { responseBody: bodies.response?.() } : {}),
  });

  return {
    description,
    identify(known) {
      sender = known;
      level = undefined;
      return levelNow();
    },
    get identified() {
      return sender !== undefined;
    },
    startsOperation(id) {
      operationId = id;
    },
    restoresFrom(named) {
      source = named;
    },
    fails(code) {
      failure = code;
    },
    keepBodies(kept) {
      bodies = kept;
    },
    attempted() {
      if (levelNow() !== 'None') put('attempted', levelNow(), {});
    },
    streaming(code) {
      if (levelNow() !== 'None') put('streaming', levelNow(), { code });
    },
    end({ code, reason = failure, aborted = false }) {
      if (over) return;
      over = true;
      const denied = isDenial(code, reason);
      if (!begun && !denied && levelNow() === 'None') return;
      const kept = levelNow() === 'None' ? 'Metadata' : levelNow();
      put(aborted ? 'aborted' : 'complete', kept, {
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason }),
        latencyMs: Math.round(performance.now() - startedAt),
        ...bodiesOf(kept),
      });
    },
  };
}

/**
 * Whether access was refused: 401, 403, and a 404 of the gateway's own about an object that the caller may not see. Kept
 * whatever the rules say.
 */
function isDenial(code: number | undefined, reason: string | undefined): boolean {
  if (code === 401 || code === 403) return true;
  return code === 404 && isErrorCode(reason) && reason !== 'not_found' && errorTable[reason].status === 404;
}
