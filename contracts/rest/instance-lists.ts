import { type TOptional, type TString, Type } from 'typebox';
import type { InstanceSummary } from '../instance-summaries.ts';
import { kindNames, type ManagedKind, type SummaryFieldOf } from '../kinds.ts';
import { capitalized } from '../names.ts';
import { exactly, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel } from './values.ts';

/** What instances are sorted by, besides what tells them apart. */
export const instanceSorts = ['project', 'name', 'displayName', 'phase', 'cluster', 'createdAt'] as const;

/** The list of the instances of a kind, over all projects or in one. */
export function instanceList<K extends ManagedKind>(kind: K) {
  const { collection, documentName, noun } = kindNames[kind];
  return {
    method: 'GET',
    path: `/api/v1/${collection}`,
    operationId: `list${documentName}s`,
    summary: `${capitalized(noun)}s that you may see`,
    description: `Your ${noun}s in all projects, or in one, with what is said of them in short; all of it has the resource of the management API.`,
    curl: { query: '?project=default' },
    tags: [`${noun}s`],
    query: Type.Object(
      {
        project: Type.Optional(dnsLabel('Only those of this project')),
        phase: exactly('Pending, Ready, Sleeping, Failed or Terminating; several separated by commas'),
        cluster: exactly('Connected cluster it is in'),
        reason: exactly('Of its phase'),
        ...ownFilters(kind),
        search: exactly('In the name or the display name, upper case or lower'),
        ...pageFields(instanceSorts, { sort: 'project' }),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<Page<InstanceSummary<K>>>(Type.Ref(`${documentName}List`)),
  } as const satisfies RestRoute;
}

/** What a list says of one kind only can be asked for, too. */
function ownFilters<K extends ManagedKind>(kind: K) {
  return Object.fromEntries(
    Object.entries(kindNames[kind].summary).map(([field, description]) => [field, exactly(description)]),
  ) as { [F in SummaryFieldOf<K>]: TOptional<TString> };
}
