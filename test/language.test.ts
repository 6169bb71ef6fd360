import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

/** The worst phrases of the style sheet in CONTRIBUTING.md, each with what to write. */
const phrases: ReadonlyArray<readonly [phrase: RegExp, instead: string]> = [
  [/\banew\b/i, 'again'],
  [/\bin step\b/i, 'reconcile, up to date, synced'],
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|one\b)\w+/i, 'is not a'],
  [/\b(?:he|him|his|himself)\b/i, 'they, their; the caller, the user'],
  [/\bwhoever\b/i, 'the user who, the caller that'],
  [/\bnobody can say\b|\bwho may what\b/i, 'no decision can be made; RBAC, access'],
  [/\bstrangers?\b/i, 'unauthenticated callers'],
  [/\b(?:the|a) trail\b/i, 'the audit log'],
  [/\bof before\b(?![.)])/i, 'of earlier versions'],
  [/\bthe original\b(?! (?:user|caller|request)\b)/i, 'vCluster Platform'],
];

/** Files of the repository that match, but migrations, recorded histories and this one. */
function files(pattern: RegExp): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !/^(?:node_modules|dist|\..*)$/.test(name))
    .flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map((file) =>
            join(entry.name, file),
          )
        : [entry.name],
    )
    .filter((file) => pattern.test(file) && !/\/(?:node_modules|dist)\//.test(file))
    .filter((file) => !/^db\/migrations\/|^test\/replay\/histories\/|^test\/language\.test\.ts$/.test(file));
}

/** `file:line: phrase → what to write` for each phrase in the lines of `file` that `part` selects. */
function offences(file: string, part: (line: string) => string): string[] {
  return readFileSync(join(root, file), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      phrases.flatMap(([phrase, instead]) => {
        const match = phrase.exec(part(line));
        return match ? [`${file}:${index + 1}: "${match[0]}" → ${instead}`] : [];
      }),
    );
}

test('sources use none of the forbidden phrases', () => {
  const sources = files(/\.(?:tsx?|mjs|yaml|html)$/).filter((file) => !file.startsWith('test/'));
  assert.ok(sources.length > 300, 'too few files were found for this to mean anything');
  assert.deepEqual(
    sources.flatMap((file) => offences(file, (line) => line)),
    [],
  );
});

/** Names begin upper-case wherever they stand. */
const names = /^(?:Secret|PersistentVolume|Helm|Temporal|PostgreSQL|[A-Z]+_[A-Z_]+)\b/;

test('messages of errors begin lower-case and end without a full stop', () => {
  const message =
    /new (?:PlatformError|CommandFailure)\(\s*(?:'\w+'|[\w.]+),\s*(['"`])((?:(?!\1)[^\\]|\\.)+)\1/g;
  const sources = files(/\.ts$/).filter((file) => !file.startsWith('test/'));
  const told = sources.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(message)].map(([, , text = '']) => ({ file, text })),
  );
  assert.ok(told.length > 150, 'too few were found for this to mean anything');
  const wrong = told.filter(({ text }) => (/^[A-Z]/.test(text) && !names.test(text)) || text.endsWith('.'));
  assert.deepEqual(wrong, []);
});

test('documents use none of the forbidden phrases but where they explain them', () => {
  const explained = /^\| (?:\*\*|")|^\| .* \| .* \|$/;
  assert.deepEqual(
    files(/\.md$/).flatMap((file) =>
      offences(file, (line) =>
        /^(?:CONTRIBUTING|docs\/glossary)\.md$/.test(file) && explained.test(line) ? '' : line,
      ),
    ),
    [],
  );
});

test('titles of tests use none of the forbidden phrases', () => {
  const title = /\b(?:describe|it|test)\((['"`])(.*)\1/;
  assert.deepEqual(
    files(/^test\/.*\.ts$/).flatMap((file) => offences(file, (line) => title.exec(line)?.[2] ?? '')),
    [],
  );
});
