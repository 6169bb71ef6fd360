import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { identify } from '../../adapters/processes/identity.ts';
import { buildPart } from '../../toolchain/build-part.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { type Part, parts, realNodeParts, upstreamParts } from '../../toolchain/parts.ts';

const dir = mkdtempSync(join(tmpdir(), 'vcp-toolchain-'));
after(() => rmSync(dir, { recursive: true }));
const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

/** A Go module of our own with one program, so that a real build takes a second. */
function smallPart(source: string): { part: Part; moduleDir: string } {
  const moduleDir = mkdtempSync(join(dir, 'module-'));
  writeFileSync(join(moduleDir, 'go.mod'), 'module example.test/hello\n\ngo 1.24\n');
  writeFileSync(join(moduleDir, 'main.go'), source);
  const program = {
    name: 'kine',
    goPackage: 'example.test/hello',
    file: 'hello',
    installedAs: ['hello'],
    versionArgs: [],
  } as const;
  return { part: { name: 'hello', version: 'v1.0.0', programs: [program] }, moduleDir };
}

describe('building a part', () => {
  test('gives a static program, and leaves nothing else in the folder', async () => {
    const { part, moduleDir } = smallPart('package main\nfunc main() { println("hello") }\n');
    const outputDir = join(dir, 'built');
    await buildPart({ part, programs: part.programs, moduleDir, outputDir, logFile: join(dir, 'hello.log') });
    assert.deepEqual(readdirSync(outputDir), ['hello']);
    execFileSync(join(outputDir, 'hello'));
  });

  test('toolchain_unavailable: a failed build names its log', async () => {
    const { part, moduleDir } = smallPart('package main\nfunc main() { nonsense }\n');
    const outputDir = join(dir, 'failed');
    const build = buildPart({
      part,
      programs: part.programs,
      moduleDir,
      outputDir,
      logFile: join(dir, 'nonsense.log'),
    });
    await assert.rejects(build, {
      code: 'toolchain_unavailable',
      message: /building hello v1\.0\.0 failed .*nonsense.*nonsense\.log;/,
    });
    assert.deepEqual(readdirSync(outputDir), []);
  });
});

describe('an unusable compiler', () => {
  const build = (path: string, signal?: AbortSignal) => {
    process.env['PATH'] = path;
    const { part, moduleDir } = smallPart('package main\nfunc main() {}\n');
    const logFile = join(dir, 'unused.log');
    return buildPart({
      part,
      programs: part.programs,
      moduleDir,
      outputDir: join(dir, 'none'),
      logFile,
      signal,
    });
  };
  const compiler = (script: string): string => {
    const folder = mkdtempSync(join(dir, 'go-'));
    writeFileSync(join(folder, 'go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return folder;
  };

  for (const [what, script, says] of [
    ['too old', 'echo go1.21.3', 'is too old \\(it says: go1\\.21\\.3\\)'],
    ['broken', 'echo "no such module" >&2; exit 1', 'does not work \\(it says: no such module\\)'],
  ] as const) {
    test(`toolchain_unavailable: it is ${what}`, async () => {
      const message = new RegExp(
        `^hello v1\\.0\\.0 \\(kine\\) must be built from source, and the Go compiler .*/go ${says}: install Go 1\\.26 or newer and put "go" on PATH .*$`,
      );
      await assert.rejects(build(`${compiler(script)}:/usr/bin:/bin`), {
        code: 'toolchain_unavailable',
        message,
      });
    });
  }

  test('an aborted build ends its processes and leaves no files', async () => {
    const started = join(dir, 'started');
    const script = `[ "$1" = env ] && echo go1.99 && exit\nsleep 1000 &\necho $! >${started}.new; mv ${started}.new ${started}; wait`;
    const interrupted = new AbortController();
    const building = build(`${compiler(script)}:/usr/bin:/bin`, interrupted.signal);
    const pid = await eventually(
      'it compiles',
      () => existsSync(started) && Number(readFileSync(started, 'utf8')),
    );
    interrupted.abort();
    await assert.rejects(building, { name: 'AbortError' });
    await eventually('the compiler it started has ended', () => identify(pid) === undefined);
    assert.deepEqual(readdirSync(join(dir, 'none')), []);
  });
});

describe('finding a program', () => {
  const installed = (name: string, says: string): string => {
    const folder = mkdtempSync(join(dir, 'bin-'));
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${says}"\n`);
    chmodSync(join(folder, name), 0o755);
    return folder;
  };
  const emptyCache = (): void => {
    process.env['XDG_CACHE_HOME'] = mkdtempSync(join(dir, 'cache-'));
    process.env['PATH'] = '/usr/bin:/bin';
    delete process.env['KUBEBUILDER_ASSETS'];
  };

  test('uses one of the pinned version from KUBEBUILDER_ASSETS or PATH', () => {
    emptyCache();
    const assets = installed('kube-apiserver', 'Kubernetes v1.36.3');
    process.env['KUBEBUILDER_ASSETS'] = assets;
    assert.equal(findProgram('kube-apiserver'), join(assets, 'kube-apiserver'));
    const folder = installed('helm', 'v4.3.1+g1234567');
    process.env['PATH'] = `${folder}:/usr/bin:/bin`;
    assert.equal(findProgram('helm'), join(folder, 'helm'));
  });

  test("does not run programs with the user's own kubeconfig", () => {
    emptyCache();
    process.env['KUBECONFIG'] = join(dir, 'canary');
    const seen = join(dir, 'seen');
    process.env['PATH'] =
      `${installed('kubectl', `v1.36.3 $(echo "$KUBECONFIG $HOME" >${seen})`)}:/usr/bin:/bin`;
    findProgram('kubectl');
    assert.equal(readFileSync(seen, 'utf8'), '/dev/null /nonexistent\n');
  });

  for (const says of ['etcd Version: 3.4.30', 'etcd Version: 3.7.30', 'etcd Version: 13.7.3']) {
    test(`skips another version: ${says}`, () => {
      emptyCache();
      process.env['PATH'] = `${installed('etcd', says)}:/usr/bin:/bin`;
      assert.throws(() => findProgram('etcd'), {
        code: 'toolchain_unavailable',
        message: /etcd v3\.7\.3 is neither installed nor built/,
      });
    });
  }

  test('uses programs built into the cache, by version', () => {
    emptyCache();
    const cache = join(process.env['XDG_CACHE_HOME'] ?? '', 'vcluster-platform', 'toolchain', 'etcd-v3.7.3');
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'server'), '');
    assert.equal(findProgram('etcd'), join(cache, 'server'));
  });
});

test('every part has a go.mod that pins the version of its table', () => {
  for (const part of [...parts, ...realNodeParts, ...upstreamParts]) {
    const { module: name = part.name, version, programs } = part;
    const goMod = readFileSync(join(import.meta.dirname, '../../toolchain', name, 'go.mod'), 'utf8');
    const pinned = [...goMod.matchAll(/^(?:require)?\s+(\S+) (v\S+)/gm)].filter(
      (match) => match[2] === version,
    );
    for (const { goPackage } of programs) {
      const modules = pinned.map((match) => match[1] ?? '');
      assert.ok(
        // A program of ours (`.`) stands on the module of this version.
        modules.some((module) => ['.', module].includes(goPackage) || goPackage.startsWith(`${module}/`)),
        `${goPackage} is not at ${version} in toolchain/${name}/go.mod`,
      );
    }
  }
});

test("the Go types' program has the versions of vCluster's module, and so its compiled packages", () => {
  const requires = (folder: string) =>
    readFileSync(join(import.meta.dirname, '../..', folder, 'go.mod'), 'utf8').matchAll(/^\s+(\S+ v\S+)/gm);
  const vcluster = new Set([...requires('toolchain/vcluster')].map((match) => match[1]));
  const others = [...requires('test/go-types')]
    .map((match) => match[1])
    .filter((each) => !vcluster.has(each));
  assert.deepEqual(others, []);
});
