import type { Dispatcher } from 'undici';
import { acceptMetadata, type ApiTarget, requestJson } from './request.ts';

/** What is listed or watched. */
interface Listed {
  readonly kubeConfig: ApiTarget;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
}

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

const pageSize = 500;

/** A list in pages. @param how `signal`: made for each page */
export async function* listPages<T>(
  options: Listed,
  { connections, signal }: { connections: Dispatcher | undefined; signal: () => AbortSignal },
): AsyncGenerator<ListPage<T>, void> {
  let next: string | undefined;
  do {
    const query = queryOf(options, {
      limit: String(pageSize),
      ...(next === undefined ? {} : { continue: next }),
    });
    const page = (await requestJson(options.kubeConfig, {
      accept: options.metadataOnly ? acceptMetadata('PartialObjectMetadataList') : undefined,
      path: `${options.path}?${query}`,
      signal: signal(),
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
