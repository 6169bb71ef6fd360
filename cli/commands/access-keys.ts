import { createHash, randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { managementApiVersion } from '../../contracts/names.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { age, type Listing } from '../output/output.ts';
import { managementResources } from '../reading/management.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import { checkNames, collect, outputCommand, withClient } from './options.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

interface CreateKeyOptions {
  displayName?: string;
  expireAfter?: number;
  sliding?: boolean;
  scopeProject: string[];
  scopeVcluster: string[];
  user?: string;
}

/** `vcp access-key` */
export function accessKeyCommand(): Command {
  return new Command('access-key')
    .addCommand(listAccessKeysCommand('list'))
    .addCommand(createAccessKeyCommand('create'))
    .addCommand(deleteAccessKeyCommand('revoke'));
}

/** Prints the key and nothing else; it cannot be shown again. */
export function createAccessKeyCommand(command: string): Command {
  return new Command(command)
    .description('Create an access key and print it; it is shown only once')
    .argument('[name]')
    .option('--display-name <text>')
    .option(
      '--expire-after <duration>',
      'such as 12h or 30d; default: never if it has a name, else when this login or key ends',
      duration,
    )
    .option('--sliding', 'count --expire-after from the last use')
    .option('--scope-project <name>', 'limit to this project, can be repeated', collect, [])
    .option('--scope-vcluster <project/name>', 'limit to this tenant cluster, can be repeated', collect, [])
    .option('--user <name>', 'for another user, if you may create access keys')
    .action((name: string | undefined, options: CreateKeyOptions) => {
      if (name !== undefined) checkNames('any', name);
      return withClient(async (client) => console.log(await create(client, name, options)));
    });
}

async function create(client: Client, name: string | undefined, options: CreateKeyOptions): Promise<string> {
  const { user } = options;
  const spec = {
    ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
    ...(options.expireAfter === undefined ? {} : { ttl: options.expireAfter }),
    ...(options.sliding === true ? { ttlAfterLastActivity: true } : {}),
    ...scopeOf(options),
  };
  if (user === undefined) {
    const made = await client.call<AccessKey>('POST', `${managementResources}/ownedaccesskeys`, {
      ...(name === undefined ? {} : { metadata: { name } }),
      spec,
    });
    return made.spec.key ?? '';
  }
  // The platform gets only the hash of another user's key.
  checkNames('any', user);
  const key = `vcp_${randomBytes(32).toString('base64url')}`;
  await client.call('POST', `${managementResources}/accesskeys`, {
    apiVersion: managementApiVersion,
    kind: 'AccessKey',
    metadata: { name: name ?? `${user.slice(0, 40)}-${randomBytes(5).toString('hex')}` },
    spec: { ...spec, user, type: 'User', keyHash: createHash('sha256').update(key).digest('hex') },
  });
  return key;
}

function scopeOf({ scopeProject, scopeVcluster }: CreateKeyOptions): { scope?: object } {
  if (scopeProject.length === 0 && scopeVcluster.length === 0) return {};
  const virtualClusters = scopeVcluster.map((value) => {
    const [project = '', virtualCluster = '', ...rest] = value.split('/');
    if (rest.length > 0 || virtualCluster === '')
      throw new CommandFailure('invalid_request', `--scope-vcluster ${value}: write <project>/<name>`);
    checkNames(project, virtualCluster);
    return { project, virtualCluster };
  });
  for (const project of scopeProject) checkNames(project, 'any');
  return { scope: { projects: scopeProject.map((project) => ({ project })), virtualClusters } };
}

const listing: Listing<AccessKey> = {
  columns: [
    ['NAME', ({ metadata }) => metadata.name],
    ['TYPE', ({ spec }) => spec.type ?? ''],
    ['DISPLAY NAME', ({ spec }) => spec.displayName ?? ''],
    ['SCOPE', ({ spec }) => (spec.scope === undefined ? '' : JSON.stringify(spec.scope))],
    ['EXPIRES', expiry],
    ['LAST USED', ({ status }) => (status?.lastActivity === undefined ? '' : age(status.lastActivity))],
    ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
    ['DESCRIPTION', ({ spec }) => spec.description ?? '', 'wide'],
    ['DISABLED', ({ spec }) => (spec.disabled === true ? 'yes' : ''), 'wide'],
  ],
  name: ({ metadata }) => `accesskey/${metadata.name}`,
};

function expiry({ spec }: AccessKey): string {
  if (!spec.ttl) return 'never';
  return `${spec.ttl} s after ${spec.ttlAfterLastActivity === true ? 'the last use' : 'creation'}`;
}

export function listAccessKeysCommand(command: string): Command {
  return outputCommand(command, 'List your access keys')
    .option('-w, --watch', 'go on with what changes')
    .action((options: ListOptions) =>
      withClient((client) =>
        showList(
          client,
          {
            read: async () =>
              (await client.call<{ items: AccessKey[] }>('GET', `${managementResources}/ownedaccesskeys`))
                .items,
          },
          listing,
          options,
        ),
      ),
    );
}

export function deleteAccessKeyCommand(command: string): Command {
  return new Command(command)
    .description('Delete one of your access keys; requests with it are refused from then on')
    .argument('<name>')
    .action((name: string) => {
      checkNames('any', name);
      return withClient(async (client) => {
        await client.call('DELETE', `${managementResources}/ownedaccesskeys/${name}`);
        console.log(`access key ${name} deleted`);
      });
    });
}

function duration(value: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,8})([smhd])$/.exec(value) ?? [];
  const seconds = Number(count) * (secondsOf[unit ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(seconds)) throw new InvalidArgumentError('Write a number and s, m, h or d.');
  return seconds;
}
