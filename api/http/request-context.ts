import { AsyncLocalStorage } from 'node:async_hooks';
import type { FailedContext } from '../../adapters/uncaught-failures.ts';

/**
 * Follows each request through callbacks and promises, for uncaught failures. (Events of a connection come
 * in the context that the connection was made in.)
 */
export const requestContext = new AsyncLocalStorage<FailedContext>();
