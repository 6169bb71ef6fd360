import { AsyncLocalStorage } from 'node:async_hooks';

/** What something is done for: a request, or a connection that is kept for many. */
export interface RequestContext {
  /** Of a request. */
  readonly id?: string;
  /** Ends its connection. */
  cut(): void;
}

/**
 * Follows each request through callbacks and promises, for failures that nobody caught. (Events of a connection come
 * in the context that the connection was made in.)
 */
export const requestContext = new AsyncLocalStorage<RequestContext>();
