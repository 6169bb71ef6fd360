import type { ReactNode } from 'react';
import { pageSearch, type PageSearch } from '../../components/page-search.ts';
import { PageLink } from '../../components/links.tsx';
import { type ObjectType, typeName } from '../../server/kubernetes-objects.ts';

/** An object as the page's address has it: `namespace/name`, or `name` of one that is in none. */
export function objectName(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The reverse of {@link objectName}. */
export function namedObject(
  type: ObjectType,
  object: string,
): { namespace: string | undefined; name: string } {
  const slash = object.indexOf('/');
  return type.isNamespaced && slash > 0
    ? { namespace: object.slice(0, slash), name: object.slice(slash + 1) }
    : { namespace: undefined, name: object };
}

/** A link to an object of this tenant cluster or space: it opens beside the list. */
export function ObjectLink({
  type,
  namespace,
  name,
  view,
  children = name,
}: {
  type: ObjectType;
  namespace?: string | undefined;
  name: string;
  view?: string;
  children?: ReactNode;
}) {
  return (
    <PageLink
      to="."
      search={(before: PageSearch) => {
        const isOther = (before.resource ?? 'pods') !== typeName(type);
        const { search: _search, sort: _sort, ...rest } = before;
        return pageSearch({
          ...(isOther ? rest : before),
          resource: typeName(type),
          object: objectName(namespace, name),
          view,
        });
      }}
      resetScroll={false}
      style={{ overflowWrap: 'anywhere' }}
    >
      {children}
    </PageLink>
  );
}
