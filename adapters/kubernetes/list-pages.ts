import type { Dispatcher } from 'undici';
import { type ApiTarget, requestJson } from './request.ts';

/** What is listed or watched. */
interface Listed {
  readonly kubeConfig: ApiTarget;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Default `application/json`. */
  readonly accept?: string | undefined;
}

/** What each page is asked for with; by default as any request. */
interface Asking {
  readonly connections?: Dispatcher | undefined;
  readonly signal?: () => AbortSignal;
}

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

const pageSize = 500;

/** A list in pages. @throws ApiException if the API answers with an error; what `fetch` throws if it cannot be reached */
export async function* listPages<T>(
  options: Listed,
  { connections, signal }: Asking = {},
): AsyncGenerator<ListPage<T>, void> {
  let next: string | undefined;
  do {
    const query = queryOf(options, {
      limit: String(pageSize),
      ...(next === undefined ? {} : { continue: next }),
    });
    const page = (await requestJson(options.kubeConfig, {
      accept: options.accept,
      path: `${options.path}?${query}`,
      ...(signal === undefined ? {} : { signal: signal() }),
      connections,
    })) as ListPage<T>;
    yield page;
    next = page.metadata.continue;
  } while (next !== undefined && next !== '');
}

/** The query of a request for what `options` select. */
export function queryOf(
  { labelSelector, fieldSelector }: Pick<Listed, 'labelSelector' | 'fieldSelector'>,
  parameters: Record<string, string>,
): string {
  const query = new URLSearchParams(parameters);
  if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
  return query.toString();
}
