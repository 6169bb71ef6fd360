import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

/** Folder → folders whose code it may import; `types` only by `import type`. Its own files it may always. */
const arrows: Record<string, { values: readonly string[]; types?: readonly string[] }> = {
  contracts: { values: [] },
  domain: { values: ['contracts'] },
  templates: { values: ['contracts', 'domain'] },
  adapters: { values: ['contracts', 'domain', 'templates'] },
  db: { values: ['contracts', 'domain'] },
  operations: { values: ['contracts', 'domain', 'adapters', 'db'] },
  workflows: { values: ['contracts', 'domain'], types: ['activities'] },
  activities: { values: ['contracts', 'domain', 'adapters', 'db', 'operations'] },
  worker: { values: ['contracts', 'domain', 'adapters', 'db', 'operations', 'activities'] },
  controllers: { values: ['contracts', 'domain', 'adapters', 'db', 'operations'] },
  api: { values: ['contracts', 'domain', 'templates', 'adapters', 'db', 'operations'] },
  agent: { values: ['contracts', 'domain', 'adapters'] },
  cli: { values: ['contracts'] },
  deploy: { values: ['contracts'] },
  toolchain: { values: ['contracts', 'adapters'] },
  node: { values: ['contracts', 'adapters'] },
  local: { values: ['contracts', 'adapters', 'db', 'toolchain'], types: ['node'] },
  scripts: { values: [] },
  web: { values: ['contracts', 'domain'] },
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.tsx?$/.test(entry.name) && !/\/(node_modules|dist)(\/|$)/.test(entry.parentPath),
    )
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const importPattern = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(importPattern)].map((match) => ({
    from: file,
    to: normalize(join(dirname(file), match[2] ?? '')),
    typeOnly: match[1] !== undefined,
  }));
}

function allowed(edge: Import): boolean {
  const from = edge.from.split('/')[0] ?? '';
  const to = edge.to.split('/')[0] ?? '';
  if (from === to || edge.to === 'package.json') return true;
  const rule = arrows[from];
  if (!rule) return false;
  return rule.values.includes(to) || (edge.typeOnly && (rule.types ?? []).includes(to));
}

test('imports between folders follow the arrows of docs/architecture.md', () => {
  const edges = Object.keys(arrows).flatMap(sourceFiles).flatMap(importsOf);
  assert.ok(edges.length > 100, 'the scan found too few imports to mean anything');
  const forbidden = edges.filter((edge) => !allowed(edge)).map((edge) => `${edge.from} → ${edge.to}`);
  assert.deepEqual(forbidden, []);
});

/** Folders inside a folder from the lowest to the highest: each imports values only from those before it. */
const layersOf: Readonly<Record<string, readonly string[]>> = {
  api: [
    'http',
    'identity',
    'upstreams',
    'tunnel',
    'cache',
    'readiness',
    'metrics',
    'audit',
    'auth',
    'agents',
    'authorization',
    'secrets',
    'streams',
    'activity',
    'proxy',
    'proxy/filtered',
    'proxy/upgrades',
    'operations',
    'usage',
    'held',
    'events',
    'plugins',
    'routes',
  ],
  web: ['text', 'server', 'components', 'instances', 'pages', 'app'],
  cli: [
    'failures',
    'shell',
    'connection',
    'kubeconfig',
    'output',
    'reading',
    'writing',
    'operations',
    'commands',
  ],
};

for (const [folder, layers] of Object.entries(layersOf))
  test(`folders of ${folder} import downwards only, and no two import each other`, () => {
    /** The deepest layer that holds the file; undefined for the files at the top, which put the layers together. */
    const layerOf = (file: string) => layers.findLast((layer) => file.startsWith(`${folder}/${layer}/`));
    const edges = sourceFiles(folder)
      .flatMap(importsOf)
      .filter(({ to }) => to.startsWith(`${folder}/`))
      .map((edge) => ({ ...edge, lower: layerOf(edge.to), upper: layerOf(edge.from) }))
      .filter(({ upper, lower }) => upper !== undefined && upper !== lower);
    const unknown = sourceFiles(folder).filter(
      (file) => layerOf(file) === undefined && file.split('/').length > 2,
    );
    assert.deepEqual(unknown, []);
    const upwards = edges.filter(
      ({ typeOnly, upper, lower }) =>
        !typeOnly && (lower === undefined || layers.indexOf(lower) > layers.indexOf(upper ?? '')),
    );
    assert.deepEqual(
      upwards.map(({ from, to }) => `${from} → ${to}`),
      [],
    );
    const pairs = new Set(edges.map(({ upper, lower }) => `${upper} → ${lower}`));
    assert.deepEqual(
      edges
        .filter(({ upper, lower }) => lower !== undefined && pairs.has(`${lower} → ${upper}`))
        .map(({ from, to }) => `${from} → ${to}`),
      [],
    );
  });

test('domain and workflows use no clock, no randomness and no Node API', () => {
  const offences = ['domain', 'workflows']
    .flatMap(sourceFiles)
    .filter((file) =>
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|from 'node:/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );
  assert.deepEqual(offences, []);
});

test('templates use no clock, no randomness and no Node API but node:vm', () => {
  const offences = matches(
    'templates',
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bfetch\(|from 'node:(?!vm').*/g,
  );
  assert.deepEqual(offences, []);
});

test('only one protobufjs 8 is installed: replay breaks across copies', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const copies = Object.entries(lock.packages).filter(
    ([path, entry]) => path.endsWith('node_modules/protobufjs') && entry.version?.startsWith('8.'),
  );
  assert.equal(copies.length, 1);
});

/** Lines of the sources in `folder` that match, as `file: match`. */
function matches(folder: string, pattern: RegExp): string[] {
  return sourceFiles(folder).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([match]) => `${file}: ${match}`),
  );
}

test('activities reach connected clusters only through namespaces that are proven to be ours', () => {
  // adapters/host-namespaces.ts: OwnedNamespace carries the client; its constructor is private.
  assert.deepEqual(
    matches('activities', /connected-clusters\.ts|\bconnectCluster\b|\bcreateConnectedClusters\b/g),
    ['activities/clusters/connect-to-cluster.ts: connected-clusters.ts'],
    "for the platform's own objects there, by fixed names",
  );
  assert.deepEqual(
    matches('controllers', /\b(?:\w+C|c)lusters\.(?:client|tenantClient|kubeconfigFile)\b/g),
    [
      'controllers/clusters/cluster-checks.ts: clusters.client', // through its agent
      'controllers/clusters/cluster-checks.ts: clusters.client', // dialled
      'controllers/clusters/cluster-identities.ts: clusters.client',
      'controllers/drift/drift-watches.ts: followedClusters.client',
      // A namespace that has lost the label of its owner, by its uid.
      'controllers/drift/namespace-labels.ts: followedClusters.client',
      'controllers/instances/unclaimed-namespaces.ts: clusters.client',
      'controllers/spaces/binding-watches.ts: watchedClusters.client',
    ],
    'their objects belong to no namespace, or they only read',
  );
  // Nor is a whole connected cluster listed for the sake of one namespace.
  const lists = /\.(?:core|apps|batch|rbac)\.list(?!Namespaced)\w+|\blist\w+ForAllNamespaces\b/g;
  assert.deepEqual(
    ['activities', 'adapters', 'controllers'].flatMap((folder) => matches(folder, lists)),
    [],
  );
  const forged = Object.keys(arrows).flatMap((folder) =>
    matches(folder, /new OwnedNamespace\b|\bas (?:unknown as )?(?:OwnedNamespace|TenantHost|SpaceHost)\b/g),
  );
  assert.deepEqual(forged, ['adapters/host-namespaces.ts: new OwnedNamespace']);
});

test('nothing outside of adapters/tenant-charts asks which chart a tenant cluster is of', () => {
  // A chart's name is data: of templates, of what is installed, in messages. What follows from it is a field of TenantChart.
  // (Label `app=vcluster` is what all charts give their workloads.)
  const asks =
    /'tenant-control-plane'|[cC]hart\w*(?:\.name)? [!=]== '|(?<!\['app'\] )[!=]== 'vcluster'|case 'vcluster':/g;
  assert.deepEqual(
    Object.keys(arrows)
      .flatMap((folder) => matches(folder, asks))
      .filter((match) => !match.startsWith('adapters/tenant-charts/')),
    [],
  );
});

test('nothing outside of domain/kinds asks which managed kind it has', () => {
  // What differs between kinds is a field of the descriptor, or of a table over all kinds: a new one cannot be forgotten.
  const asks = /[!=]== '(?:space|tenant|spaceinstances|virtualclusterinstances)'|case '(?:space|tenant)':/g;
  assert.deepEqual(
    Object.keys(arrows)
      .filter((folder) => folder !== 'scripts')
      .flatMap((folder) => matches(folder, asks))
      .filter((match) => !match.startsWith('domain/kinds/')),
    [],
  );
});
