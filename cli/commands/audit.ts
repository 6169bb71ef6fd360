import { Command, Option } from 'commander';
import { type AuditEvent, pathKinds } from '../../contracts/audit.ts';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import type { Listing, OutputFormat } from '../output/output.ts';
import { showList } from '../output/watch-list.ts';
import { outputCommand, withClient } from './options.ts';

const listing: Listing<AuditEvent> = {
  columns: [
    ['TIME', ({ receivedAt }) => receivedAt],
    [
      'USER',
      ({ user = '-', impersonatedUser }) =>
        impersonatedUser === undefined ? user : `${user} as ${impersonatedUser}`,
    ],
    ['VERB', ({ verb }) => verb],
    ['OBJECT', objectOf],
    ['WHERE', whereOf],
    [
      'CODE',
      ({ code, stage }) => (stage === 'complete' ? String(code ?? '') : `${code ?? ''} ${stage}`.trim()),
    ],
    ['FROM', ({ sourceAddress = '' }) => sourceAddress],
    ['REQUEST ID', ({ id }) => id],
    ['PATH', ({ path }) => path, 'wide'],
  ],
  name: ({ id }) => `event/${id}`,
};

interface AuditOptions {
  readonly limit: string;
  readonly output: OutputFormat;
  readonly watch: boolean;
  /** Filters, named as the API's query parameters. */
  readonly [filter: string]: string | boolean;
}

/** `vcp audit` */
export function auditCommand(): Command {
  return new Command('audit').addCommand(
    outputCommand('list', 'List audit events, newest first: all for administrators, your own otherwise')
      .option('--from <time>', 'received at or after this time, as 2026-01-31T08:00:00Z')
      .option('--to <time>', 'received before')
      .option('--user <name>', 'real or effective user')
      .option('-p, --project <name>', 'of one project; its administrators see all its events')
      .option('--verb <verb>', 'get, list, watch, create, update, patch, delete …')
      .addOption(new Option('--kind <kind>', 'part of the gateway').choices([...pathKinds]))
      .option('--resource <name>', 'virtualclusterinstances, pods …')
      .option('--name <name>', 'of the object')
      .option('--code <status>', 'HTTP status of the response')
      .option('--request-id <id>')
      .option('--operation-id <id>')
      .option('--limit <number>', 'maximum number of events', '50')
      .option('-w, --watch', 'go on with what is new')
      .action(({ output, watch, ...filters }: AuditOptions) => {
        // Its options are named as the parameters; the platform says which it does not take.
        const query = filters as Record<string, string>;
        return withClient((client) =>
          showList(
            client,
            { read: async () => (await client.api.listAuditEvents({ query })).items },
            listing,
            { output, watch },
          ),
        );
      }),
  );
}

function objectOf({ resource, subresource, name, path, lost }: AuditEvent): string {
  if (lost !== undefined) return `${lost} events were lost before this one`;
  if (resource === undefined) return path;
  return [subresource === undefined ? resource : `${resource}/${subresource}`, name]
    .filter(Boolean)
    .join(' ');
}

function whereOf(event: AuditEvent): string {
  const { pathKind, project, cluster, namespace } = event;
  const name = managedKinds.map((kind) => event[kindNames[kind].field]).find(Boolean);
  const place = cluster ?? [project, name].filter(Boolean).join('/');
  return [pathKind, place, namespace].filter(Boolean).join(' ');
}
