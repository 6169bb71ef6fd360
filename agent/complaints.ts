import { apiMessage } from '../adapters/kubernetes/failures.ts';
import type { Logger } from '../adapters/logging.ts';
import { RefusedByPlatform } from './platform-api.ts';

/** The same trouble is told again after so long. */
const tellAgainMs = 60_000;

/** What each refusal is about; what to do is in the platform's own words, if it has some. */
const refusals: Partial<Record<number, string>> = {
  400: 'the platform does not understand this agent, which may be of another version; retrying slowly',
  401: 'the platform does not accept the credential or the join key of this agent; retrying slowly',
  403: 'the platform refused this agent; retrying slowly',
  409: 'the platform has a newer agent of this cluster, or another cluster of this name; waiting',
};

/** Whether an error is a refusal that somebody has to mend, or that another agent is the cause of. */
export function isForPeople(error: unknown): boolean {
  return error instanceof RefusedByPlatform && refusals[error.status] !== undefined;
}

/** Logs what keeps an agent from the platform: each trouble once a minute, however often it is met. */
export function createComplaints(logger: Logger): (error: unknown) => void {
  let told = '';
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    const reason = error instanceof RefusedByPlatform ? error.message : apiMessage(error);
    const refusal = error instanceof RefusedByPlatform ? refusals[error.status] : undefined;
    if (reason === told && performance.now() - toldAt < tellAgainMs) {
      logger.debug({ reason }, 'failed to connect to the platform; retrying');
      return;
    }
    told = reason;
    toldAt = performance.now();
    logger.warn({ reason }, refusal ?? 'failed to connect to the platform; retrying');
  };
}
