import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { leftovers, nothingLeft } from '../leftovers.ts';
import { createInstead, management, operateInstead, type Person, type Plural, project } from './person.ts';
import { read, said, succeeded, type Verb } from './verb.ts';

const inProject = `--project ${project}`;
const vclusters = 'virtualclusterinstances';
const spaces = 'spaceinstances';

/** The API of the person's tenant cluster or space at the gateway. */
const apiOf = ({ vcluster, space }: Person, plural: Plural) =>
  `/kubernetes/project/${project}/${plural === spaces ? `space/${space}` : `virtualcluster/${vcluster}`}`;

const hostNamespace = ({ space }: Person) => `loft-${project}-s-${space}`;

async function shares(person: Person, plural: Plural, what: 'user' | 'team'): Promise<void> {
  const { cli, call } = person;
  const noun = plural === spaces ? 'namespace' : 'vcluster';
  const other = what === 'user' ? person.friend : person.mates;
  const name = plural === spaces ? person.space : person.vcluster;
  const shared = said(await cli.platform(`share ${noun} ${name} ${inProject} --${what} ${other.name}`));
  assert.match(shared, new RegExp(`Successfully granted ${what} ${other.name} access to ${noun} ${name}`));
  const namespace = plural === spaces ? hostNamespace(person) : 'default';
  const path = `${apiOf(person, plural)}/api/v1/namespaces/${namespace}/configmaps`;
  const reads = async (key: string) => (await call('GET', path, undefined, key)).status === 200;
  await person.eventually(`${other.name} may use it`, () => reads(other.key));
  await person.eventually('the sharer may still use it', () => reads(person.key));
}

/** In the order in which they are tried. */
export const vclusterVerbs: readonly Verb[] = [
  {
    verb: 'create vcluster',
    async keeps({ cli, vcluster, name, stored }) {
      const created = said(await cli.platform(`create vcluster ${vcluster} ${inProject} --connect=false`));
      assert.match(created, /Successfully created the virtual cluster/);
      const { spec, status } = (await stored(vclusters, vcluster)) ?? {};
      assert.deepEqual(
        [spec?.templateRef?.name, spec?.owner?.user, status?.phase],
        ['default', name, 'Ready'],
      );
    },
    instead: (person) => createInstead(person, vclusters, person.vcluster),
  },
  {
    verb: 'list vclusters',
    async keeps({ cli, role, vcluster }) {
      const text = succeeded(await cli.platform('list vclusters --output json'));
      const all = read<Array<Record<string, string>> | null>(text) ?? [];
      const mine = all.filter(({ Project, Name }) => Project === project && Name === vcluster);
      assert.deepEqual(
        mine.map(({ Namespace, Status }) => [Namespace, Status]),
        [[`loft-${project}-v-${vcluster}`, 'Ready']],
        text,
      );
      if (role === 'plain user') assert.equal(all.length, 1, 'another one is shown');
    },
  },
  {
    verb: 'describe',
    async keeps({ cli, vcluster }) {
      const text = succeeded(
        await cli.vcluster(`describe ${vcluster} --driver platform ${inProject} -o json`),
      );
      const { name, namespace, status } = read<Record<string, string>>(text);
      assert.deepEqual([name, namespace, status], [vcluster, `p-${project}`, 'Ready']);
    },
  },
  {
    verb: 'connect vcluster',
    async keeps({ cli, vcluster }) {
      const config = succeeded(await cli.platform(`connect vcluster ${vcluster} ${inProject} --print`));
      assert.match(succeeded(await cli.kubectl(config, 'get namespaces -o name')), /^namespace\/default$/m);
    },
  },
  {
    verb: 'get cluster',
    async keeps({ cli, vcluster }) {
      const connected = said(await cli.platform(`connect vcluster ${vcluster} ${inProject}`));
      assert.match(connected, /Switched active kube context/);
      assert.equal(succeeded(await cli.platform('get cluster')), 'local');
    },
  },
  { verb: 'share vcluster', keeps: (person) => shares(person, vclusters, 'user') },
  { verb: 'share vcluster --team', keeps: (person) => shares(person, vclusters, 'team') },
  {
    verb: 'sleep vcluster (workloads-only)',
    async keeps({ cli, platform, key, vcluster }) {
      const path = `${management}/namespaces/p-${project}/${vclusters}/${vcluster}`;
      const scoped = (scope: string | null) =>
        platform.call(
          'PATCH',
          path,
          { metadata: { annotations: { 'sleepmode.loft.sh/scope': scope } } },
          { key, headers: { 'content-type': 'application/merge-patch+json' } },
        );
      assert.equal((await scoped('workloads-only')).status, 200);
      try {
        said(await cli.platform(`sleep vcluster ${vcluster} ${inProject}`));
      } finally {
        await scoped(null);
      }
    },
  },
  {
    verb: 'sleep vcluster',
    async keeps({ cli, vcluster, stored }) {
      const slept = said(await cli.platform(`sleep vcluster ${vcluster} ${inProject}`));
      assert.match(slept, new RegExp(`Successfully put vcluster ${vcluster} to sleep`));
      assert.equal((await stored(vclusters, vcluster))?.status?.phase, 'Sleeping');
    },
    instead: (person) => operateInstead(person, vclusters, { type: 'sleep' }),
  },
  {
    verb: 'wakeup vcluster',
    async keeps({ cli, vcluster, reaches }) {
      const woken = said(await cli.platform(`wakeup vcluster ${vcluster} ${inProject}`));
      assert.match(woken, new RegExp(`Successfully woke up vCluster ${vcluster}`));
      await reaches(vclusters, vcluster, 'Ready');
    },
    instead: (person) => operateInstead(person, vclusters, { type: 'wake' }),
  },
];

/** In the order in which they are tried. */
export const namespaceVerbs: readonly Verb[] = [
  {
    verb: 'create namespace',
    async keeps({ cli, space, name, stored }) {
      const created = said(await cli.platform(`create namespace ${space} ${inProject}`));
      assert.match(created, /Successfully created the namespace/);
      const { spec, status } = (await stored(spaces, space)) ?? {};
      assert.deepEqual(
        [spec?.templateRef?.name, spec?.owner?.user, status?.phase],
        ['default', name, 'Ready'],
      );
    },
    instead: (person) => createInstead(person, spaces, person.space),
  },
  {
    verb: 'list namespaces',
    async keeps({ cli, space }) {
      const row = new RegExp(`\\b${space}\\b.*\\b${project}\\b.*\\blocal\\b.*\\bfalse\\b.*\\bReady\\b`);
      assert.match(said(await cli.platform('list namespaces')), row);
    },
  },
  {
    verb: 'connect namespace',
    async keeps(person) {
      const config = succeeded(
        await person.cli.platform(`connect namespace ${person.space} ${inProject} --print`),
      );
      const { contexts } = parse(config) as { contexts: Array<{ context: { namespace?: string } }> };
      assert.equal(contexts[0]?.context.namespace, hostNamespace(person));
      const configMaps = succeeded(await person.cli.kubectl(config, 'get configmaps -o name'));
      assert.match(configMaps, /configmap\/kube-root-ca\.crt/);
    },
  },
  { verb: 'share namespace', keeps: (person) => shares(person, spaces, 'user') },
  { verb: 'share namespace --team', keeps: (person) => shares(person, spaces, 'team') },
  {
    verb: 'sleep namespace',
    async keeps({ cli, space, stored }) {
      const slept = said(await cli.platform(`sleep namespace ${space} ${inProject}`));
      assert.match(slept, new RegExp(`Successfully put namespace ${space} to sleep`));
      assert.equal((await stored(spaces, space))?.status?.phase, 'Sleeping');
    },
    instead: (person) => operateInstead(person, spaces, { type: 'sleep' }),
  },
  {
    verb: 'wakeup namespace',
    async keeps({ cli, space, reaches }) {
      const woken = said(await cli.platform(`wakeup namespace ${space} ${inProject}`));
      assert.match(woken, new RegExp(`Successfully woken up space ${space}`));
      await reaches(spaces, space, 'Ready');
    },
    instead: (person) => operateInstead(person, spaces, { type: 'wake' }),
  },
];

/** What takes away what the others stand on. */
export const deleteVerbs: readonly Verb[] = [
  {
    verb: 'delete vcluster',
    async keeps({ cli, platform, vcluster }) {
      const deleted = said(await cli.platform(`delete vcluster ${vcluster} ${inProject} --wait`));
      assert.match(deleted, /Successfully deleted virtual cluster[^]*Virtual Cluster is deleted/);
      const left = await leftovers(platform, project, vcluster);
      assert.deepEqual({ ...left, processes: [] }, nothingLeft); // the other person's run at the same time
    },
    instead: (person) => operateInstead(person, vclusters, { type: 'delete' }),
  },
  {
    verb: 'delete namespace',
    async keeps({ cli, space, stored }) {
      const deleted = said(await cli.platform(`delete namespace ${space} ${inProject} --wait`));
      assert.match(deleted, /Successfully deleted namespace[^]*Namespace is deleted/);
      assert.equal(await stored(spaces, space), undefined);
    },
    instead: (person) => operateInstead(person, spaces, { type: 'delete' }),
  },
];
