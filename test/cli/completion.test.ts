import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const main = join(import.meta.dirname, '../../cli/main.ts');
const script = (shell: string) =>
  execFileSync(process.execPath, [main, 'completion', shell], { encoding: 'utf8' });

/** In place of the command that the script asks for names. */
const names = `vcp() { case "$*" in
  "list vclusters -o name -p default") printf 'vcluster/demo\\nvcluster/other\\nvcluster/$(exit 7)\\n' ;;
  "list vclusters -o name -p alpha") echo vcluster/only ;;
  "list projects -o name") echo project/alpha ;;
esac; }`;

const cases: [line: string, words: string | RegExp][] = [
  ['vcp snap', 'snapshot'],
  ['vcp l', 'list login logout'],
  ['vcp snapshot ', 'create list delete'],
  ['vcp list vcl', 'vclusters'],
  ['vcp list vclusters -o ', 'table wide json yaml name'],
  ['vcp list vclusters --o', '--output'],
  ['vcp sleep vcluster ', 'demo other'],
  ['vcp sleep vcluster o', 'other'],
  ['vcp sleep vcluster -p alpha ', 'only'],
  ['vcp sleep vcluster demo ', ''],
  ['vcp create vcluster ', ''],
  ['vcp delete vcluster demo --dry-run ', 'server'],
  ['vcp projects get ', 'alpha'],
  ['vcp get project ', 'alpha'],
  ['vcp restore ', 'demo other'],
  ['vcp connect namespace --p', /--print.*--project|--project.*--print/],
  ['vcp wakeup ', 'vcluster space namespace'],
];

describe('completion in bash', () => {
  let dir: string;
  let file: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-completion-'));
    file = join(dir, 'vcp.bash');
    writeFileSync(file, `${script('bash')}\n${names}\n`);
  });
  after(() => rmSync(dir, { recursive: true }));

  for (const [line, words] of cases)
    it(`of "${line}" gives ${words === '' ? 'nothing' : words}`, () => {
      const typed = line.split(' ');
      const code = `source ${file}; COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length - 1}; _vcp; echo "\${COMPREPLY[*]}"`;
      const found = execFileSync('bash', ['--norc', '-c', code], { encoding: 'utf8' }).trim();
      if (typeof words === 'string') assert.equal(found, words);
      else assert.match(found, words);
    });
});

/** What the other shells are asked with, after the script: prints the words for a line. */
const others: Record<string, { names: string; words: (typed: string[]) => string }> = {
  zsh: {
    names,
    // As zsh's own bashcompinit calls it; zsh itself picks those that fit.
    words: (typed) =>
      `ask() { emulate -L sh; COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length - 1}; _vcp; echo "\${COMPREPLY[*]}"; }; ask`,
  },
  fish: {
    names: `function vcp
  switch "$argv"
    case 'list vclusters -o name -p default'
      printf 'vcluster/demo\\nvcluster/other\\n'
    case 'list vclusters -o name -p alpha'
      echo vcluster/only
    case 'list projects -o name'
      echo project/alpha
  end
end`,
    words: (typed) => `complete -C '${typed.join(' ')}' | string replace -r '\\t.*' '' | string join ' '`,
  },
};
/** Those that mean the same in every shell. */
const everywhere = cases.filter(
  ([line, words]) => typeof words === 'string' && / $/.test(line) && words !== '',
);

describe('completion in other shells', () => {
  for (const [shell, { names: theirs, words: asked }] of Object.entries(others))
    it(`gives the same in ${shell}`, (t) => {
      const text = script(shell);
      assert.match(text, /snapshot/);
      if (spawnSync(shell, ['--version']).error !== undefined) {
        t.skip(`${shell} is not installed`);
        return;
      }
      const prepare = shell === 'zsh' ? 'autoload -Uz compinit; compinit -u -D\n' : '';
      for (const [line, words] of everywhere) {
        const code = `${prepare}${text}\n${theirs}\n${asked(line.split(' '))}`;
        const { stdout, stderr } = spawnSync(shell, ['-c', code], { encoding: 'utf8' });
        const sorted = (found: string) => found.trim().split(' ').toSorted().join(' ');
        assert.equal(sorted(stdout), sorted(String(words)), `${line}: ${stderr}`);
      }
    });
});
