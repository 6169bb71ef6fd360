import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { parse } from 'yaml';
import { giveKubeconfig, unboundServers } from '../../cli/kubeconfig/kubeconfig-file.ts';
import { findProgram } from '../../toolchain/find-program.ts';

/** What `vcp connect` writes, beside what the real kubectl writes for the same in a copy of the same folder. */
const root = mkdtempSync(join(tmpdir(), 'vcp-kubeconfig-'));
const kubectl = findProgram('kubectl');
const environment = { ...process.env };
const cwd = process.cwd();
const login = { url: 'https://127.0.0.1:9443', accessKey: 'k', certificateAuthority: 'the CA' };
const name = 'vcluster-platform-vcluster_demo_alpha';
const path = '/kubernetes/project/alpha/virtualcluster/demo';
const config = (more: string) => `apiVersion: v1\nkind: Config\n${more}`;
const other = config(
  'clusters:\n- name: other\n  cluster: {server: "https://other:6443"}\ncontexts:\n- name: other\n  context: {cluster: other, user: other}\nusers:\n- name: other\n  user: {token: "0123"}\ncurrent-context: other\n',
);
let dir: string;
let twin: string;

before(() => void mock.method(console, 'log', () => undefined));
beforeEach(() => {
  dir = mkdtempSync(join(root, 'vcp-'));
  twin = `${dir}-kubectl`;
});
after(() => {
  mock.restoreAll();
  process.chdir(cwd);
  process.env = environment;
  rmSync(root, { recursive: true });
});

/** In `dir` and its twin, `~` is the folder, and so is the working directory. */
function use(folder: string, kubeconfig: string | undefined): void {
  process.chdir(folder);
  process.env['HOME'] = folder;
  delete process.env['KUBECONFIG'];
  if (kubeconfig !== undefined) process.env['KUBECONFIG'] = kubeconfig;
}

interface View {
  clusters: { name: string; cluster: { server: string } }[] | null;
  contexts: { name: string }[] | null;
  users: { name: string }[] | null;
  'current-context'?: string;
}

function summary({ clusters, contexts, users, 'current-context': current = '' }: View) {
  return {
    clusters: (clusters ?? []).map(({ name, cluster }) => `${name} ${cluster.server}`).toSorted(),
    contexts: (contexts ?? []).map(({ name }) => name).toSorted(),
    users: (users ?? []).map(({ name }) => name).toSorted(),
    current,
  };
}

/** What kubectl makes of the files. */
function view() {
  const text = execFileSync(kubectl, ['config', 'view', '--raw', '-o', 'json'], { encoding: 'utf8' });
  return summary(JSON.parse(text) as View);
}

/** Kind, mode and entries of each of the files, and what kubectl makes of all of them. */
function state(files: string[]) {
  const one = (file: string) =>
    existsSync(file) && {
      link: lstatSync(file).isSymbolicLink(),
      mode: (statSync(file).mode & 0o777).toString(8),
      ...summary(parse(readFileSync(file, 'utf8'), { version: '1.1' }) as View),
    };
  return { all: view(), files: Object.fromEntries(files.map((file) => [file, one(file)])) };
}

/** Does the same with vcp and with kubectl, and compares. */
async function compare(files: string[], kubeconfig: string | undefined): Promise<void> {
  cpSync(dir, twin, { recursive: true, verbatimSymlinks: true });
  use(twin, kubeconfig);
  for (const args of [
    ['set-cluster', name, `--server=${login.url}${path}`],
    ['set-credentials', name, '--exec-command=vcp', '--exec-api-version=client.authentication.k8s.io/v1'],
    ['set-context', name, `--cluster=${name}`, `--user=${name}`],
    ['use-context', name],
  ])
    execFileSync(kubectl, ['config', ...args], { stdio: 'pipe' });
  const expected = state(files);
  use(dir, kubeconfig);
  await giveKubeconfig(login, { name, path }, {}, 'get pods');
  assert.deepEqual(state(files), expected);
  assert.equal(expected.all.current, name);
  for (const file of files) assert.equal(existsSync(`${file}.lock`), false);
}

const write = (file: string, text: string, mode = 0o600) => {
  mkdirSync(join(dir, file, '..'), { recursive: true });
  writeFileSync(join(dir, file), text);
  chmodSync(join(dir, file), mode);
};

describe('vcp connect writes where and what kubectl would', () => {
  const cases: Record<string, { files: string[]; env?: string; before?: () => void }> = {
    'nothing is there': { files: ['.kube/config'] },
    'a file of another mode': { files: ['.kube/config'], before: () => write('.kube/config', other, 0o640) },
    'a link': {
      files: ['.kube/config', 'dotfiles'],
      before: () => {
        write('dotfiles', other, 0o660);
        mkdirSync(join(dir, '.kube'));
        symlinkSync('../dotfiles', join(dir, '.kube/config'));
      },
    },
    'a link to nothing yet': {
      files: ['.kube/config', 'dotfiles'],
      before: () => {
        mkdirSync(join(dir, '.kube'));
        symlinkSync('../dotfiles', join(dir, '.kube/config'));
      },
    },
    'KUBECONFIG with one file': {
      files: ['a', '.kube/config'],
      env: 'a',
      before: () => write('.kube/config', other),
    },
    'KUBECONFIG, of which the second exists': {
      files: ['a', 'b'],
      env: 'a:b',
      before: () => write('b', other),
    },
    'KUBECONFIG, of which none exists': { files: ['sub/a', 'sub/b'], env: 'sub/a:sub/b' },
    'KUBECONFIG with empty and repeated names': {
      files: ['a', 'b'],
      env: ':a:a:b',
      before: () => write('a', other),
    },
    'an entry in the second file': {
      files: ['a', 'b'],
      env: 'a:b',
      before: () => {
        write('a', other);
        write(
          'b',
          config(
            `clusters:\n- {name: ${name}, cluster: {server: "${login.url}/old"}}\ncontexts:\n- {name: ${name}, context: {cluster: ${name}, user: x}}\n`,
          ),
        );
      },
    },
    'the first file has a context': {
      files: ['a', 'b'],
      env: 'a:b',
      before: () => {
        write('a', config('current-context: gone\n'));
        write('b', other);
      },
    },
  };
  for (const [title, { files, env, before }] of Object.entries(cases))
    it(title, async () => {
      before?.();
      await compare(files, env);
    });

  const accepted: Record<string, string> = {
    empty: '',
    'only a comment': '# mine\n',
    'null in place of lists': config('clusters: null\ncontexts:\nusers: ~\n'),
    'null in place of an entry': config('clusters: [null]\n'),
    'no kind': 'clusters: []\n',
    'JSON with tabs':
      '{\n\t"apiVersion": "v1",\n\t"clusters": [\n\t\t{"name": "a", "cluster": {"server": "https://a"}}\n\t]\n}\n',
    'anchors and merges': config(
      'x: &x {server: https://a}\nclusters:\n- name: a\n  cluster: *x\n- name: b\n  cluster:\n    <<: *x\n    tls-server-name: b\n',
    ),
    'an anchor used 200 times': config(
      `x: &x {a: 1}\ny: [${Array.from({ length: 200 }, () => '*x').join(', ')}]\n`,
    ),
    'a key twice': config('clusters: []\nclusters:\n- {name: b, cluster: {server: https://b}}\n'),
    'several documents': `---\n${other}---\nfoo: bar\n`,
    'line ends of Windows, and a byte order mark': `\uFEFF${other.replaceAll('\n', '\r\n')}`,
    'text that looks like something else': config(
      'users:\n- name: "yes"\n  user: {token: "0755", username: "1e3", password: "2021-01-01"}\n',
    ),
  };
  for (const [title, text] of Object.entries(accepted))
    it(`a file that kubectl reads: ${title}`, async () => {
      write('.kube/config', text);
      use(dir, undefined);
      const before = view();
      await giveKubeconfig(login, { name, path }, {}, '');
      assert.deepEqual(view(), {
        clusters: [...before.clusters, `${name} ${login.url}${path}`].toSorted(),
        contexts: [...before.contexts, name].toSorted(),
        users: [...before.users, name].toSorted(),
        current: name,
      });
    });

  const refused: Record<string, [string, RegExp]> = {
    'no YAML': ['a: [\nsecret', /is not YAML$/],
    'a list': ['[]\n', /does not hold a kubeconfig/],
    'another kind': ['kind: List\napiVersion: v1\n', /has kind List/],
    'another version': ['kind: Config\napiVersion: v2\n', /has apiVersion v2/],
    'one name twice': [
      config(
        'clusters:\n- {name: a, cluster: {server: https://a}}\n- {name: a, cluster: {server: https://b}}\n',
      ),
      /has two clusters named "a"/,
    ],
    'a list that is none': [config('users: {}\n'), /has users that are not a list/],
    'a number as a name': [
      config('contexts: [{name: 1, context: {}}]\n'),
      /name in contexts that is not text/,
    ],
  };
  for (const [title, [text, message]] of Object.entries(refused))
    it(`a file that kubectl refuses stays as it is: ${title}`, async () => {
      write('.kube/config', text);
      use(dir, undefined);
      assert.throws(() => execFileSync(kubectl, ['config', 'view'], { stdio: 'pipe' }));
      await assert.rejects(giveKubeconfig(login, { name, path }, {}, ''), {
        code: 'invalid_request',
        message,
      });
      assert.equal(readFileSync('.kube/config', 'utf8'), text);
      assert.equal(existsSync('.kube/config.lock'), false);
    });

  it('keeps fields that nobody knows as they are', async () => {
    const extra = 'x-unknown:\n  when: 2021-01-01\n  big: 12345678901234567890\n  text: "0755"\n';
    write(
      '.kube/config',
      config(`${extra}contexts:\n- {name: a, mine: 1, context: {cluster: c, user: u, mine: 2}}\n`),
    );
    use(dir, undefined);
    await giveKubeconfig(login, { name, path }, {}, '');
    const text = readFileSync('.kube/config', 'utf8');
    assert.ok(text.includes(extra), text);
    assert.match(text, /mine: 1/);
    assert.match(text, /mine: 2/);
  });

  it('closes a file that everybody could read, which kubectl does not', async () => {
    write('.kube/config', other, 0o644);
    use(dir, undefined);
    await giveKubeconfig(login, { name, path }, {}, '');
    assert.equal(statSync('.kube/config').mode & 0o777, 0o600);
  });

  it('a file with two names keeps both', async () => {
    write('one', other);
    linkSync(join(dir, 'one'), join(dir, 'two'));
    use(dir, 'one');
    await giveKubeconfig(login, { name, path }, {}, '');
    assert.equal(readFileSync('two', 'utf8'), readFileSync('one', 'utf8'));
    assert.match(readFileSync('two', 'utf8'), /demo_alpha/);
  });

  it('waits for a lock of kubectl, and names one that stays', async () => {
    write('.kube/config', other);
    write('.kube/config.lock', '');
    use(dir, undefined);
    const waiting = giveKubeconfig(login, { name, path }, {}, '');
    await assert.rejects(Promise.race([waiting, Promise.reject(new Error('waits'))]), /waits/);
    rmSync('.kube/config.lock');
    await waiting;
    assert.match(readFileSync('.kube/config', 'utf8'), /demo_alpha/);
  });

  it('does not touch what has the same name and belongs to another platform', async () => {
    use(dir, undefined);
    await giveKubeconfig({ ...login, url: 'https://a.example:1' }, { name, path }, {}, '');
    await giveKubeconfig({ ...login, url: 'https://[::1]:2' }, { name, path }, {}, '');
    await giveKubeconfig({ ...login, url: 'https://a.example:1' }, { name, path }, {}, '');
    await giveKubeconfig({ ...login, url: 'https://[::1]:2' }, { name, path }, {}, '');
    assert.deepEqual(view(), {
      clusters: [`${name} https://a.example:1${path}`, `${name}___1_2 https://[::1]:2${path}`],
      contexts: [name, `${name}___1_2`],
      users: [name, `${name}___1_2`],
      current: `${name}___1_2`,
    });
  });

  it('finds contexts of earlier versions, which do not say their platform', async () => {
    write(
      '.kube/config',
      config(
        `clusters:\n- {name: c, cluster: {server: "https://a:1/kubernetes"}}\ncontexts:\n- {name: x, context: {cluster: c, user: u}}\nusers:\n- {name: u, user: {exec: {command: node, args: [main.ts, token]}}}\n`,
      ),
    );
    use(dir, undefined);
    await giveKubeconfig(login, { name, path }, {}, '');
    assert.deepEqual(unboundServers(), ['https://a:1']);
  });
});
