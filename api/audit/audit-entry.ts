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
  /** Notes the connected cluster that it is about, which its path does not say. */
  concerns(cluster: string): void;
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
  return new Entry(start, policy, record);
}

/** A class: every request has one, most of which leave nothing in the log, and methods cost it nothing. */
class Entry implements AuditEntry {
  readonly description: RequestDescription;
  private readonly start: AuditStart;
  private readonly policy: AuditPolicy;
  private readonly record: (event: AuditEvent) => void;
  private readonly startedAt = performance.now();
  private readonly receivedAt = Date.now();
  private sender: AuditActor | undefined;
  private operationId: string | undefined;
  private source: AuditSource | undefined;
  private cluster: string | undefined;
  private failure: ErrorCode | undefined;
  private bodies: Parameters<AuditEntry['keepBodies']>[0] | undefined;
  private level: AuditLevel | undefined;
  private begun = false;
  private over = false;

  constructor(start: AuditStart, policy: AuditPolicy, record: (event: AuditEvent) => void) {
    this.description = start.description;
    this.start = start;
    this.policy = policy;
    this.record = record;
  }

  identify(known: AuditActor): AuditLevel {
    this.sender = known;
    this.level = undefined;
    return this.levelNow();
  }

  get identified(): boolean {
    return this.sender !== undefined;
  }

  startsOperation(id: string): void {
    this.operationId = id;
  }

  restoresFrom(named: AuditSource): void {
    this.source = named;
  }

  concerns(cluster: string): void {
    this.cluster = cluster;
  }

  fails(code: ErrorCode): void {
    this.failure = code;
  }

  keepBodies(kept: Parameters<AuditEntry['keepBodies']>[0]): void {
    this.bodies = kept;
  }

  attempted(): void {
    if (this.levelNow() !== 'None') this.put('attempted', this.levelNow(), {});
  }

  streaming(code: number): void {
    if (this.levelNow() !== 'None') this.put('streaming', this.levelNow(), { code });
  }

  end({ code, reason = this.failure, aborted = false }: AuditOutcome): void {
    if (this.over) return;
    this.over = true;
    const level = this.levelNow();
    if (!this.begun && level === 'None' && !isDenial(code, reason)) return;
    const kept = level === 'None' ? 'Metadata' : level;
    this.put(aborted ? 'aborted' : 'complete', kept, {
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
      latencyMs: Math.round(performance.now() - this.startedAt),
      ...this.bodiesOf(kept),
    });
  }

  private levelNow(): AuditLevel {
    return (this.level ??= this.policy(this.description, this.sender));
  }

  private put(stage: AuditEvent['stage'], kept: AuditLevel, outcome: Partial<AuditEvent>): void {
    this.begun = true;
    const { start, sender } = this;
    const event = {
      id: start.id,
      receivedAt: new Date(this.receivedAt).toISOString(),
      stage,
      level: kept,
      user: sender?.user,
      impersonatedUser: sender?.impersonatedUser,
      credentialKind: sender?.credentialKind,
      credentialName: sender?.credentialName,
      sourceAddress: start.sourceAddress,
      userAgent: start.userAgent,
      method: start.method,
      ...this.description,
      operationId: this.operationId,
      ...(this.cluster === undefined ? {} : { cluster: this.cluster }),
      ...this.source,
      ...outcome,
    } as AuditEvent;
    this.record(bounded(event));
  }

  private bodiesOf(kept: AuditLevel): Partial<AuditEvent> {
    return {
      ...(kept === 'None' || kept === 'Metadata' ? {} : { requestBody: this.bodies?.request?.() }),
      ...(kept === 'RequestResponse' ? { responseBody: this.bodies?.response?.() } : {}),
    };
  }
}

/**
 * Whether access was refused: 401, 403, and a 404 of the gateway's own about an object that the caller may not see. Kept
 * whatever the rules say.
 */
function isDenial(code: number | undefined, reason: string | undefined): boolean {
  if (code === 401 || code === 403) return true;
  return code === 404 && isErrorCode(reason) && reason !== 'not_found' && errorTable[reason].status === 404;
}
