import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { parametersText } from '../../cli/writing/parameters.ts';

describe('the parameters of a command line', () => {
  let dir: string;
  let file: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-parameters-'));
    file = join(dir, 'parameters.yaml');
    writeFileSync(file, 'size: small\nnested:\n  a: 1\n');
  });
  after(() => rmSync(dir, { recursive: true }));
  const set = (...setParam: string[]) => parametersText({ setParam });

  it('keep all that was given, in a file, in the resource and by itself', () => {
    assert.deepEqual(parse(set('v.x=1', 'v.y=2', 'w=a=b') ?? ''), { v: { x: '1', y: '2' }, w: 'a=b' });
    assert.equal(parametersText({ setParam: [] }), undefined);
    assert.equal(parametersText({ setParam: [] }, 'size: big # why'), 'size: big # why');
    assert.deepEqual(parse(parametersText({ setParam: ['nested.b=2'], parameters: file }, 'gone: 1') ?? ''), {
      size: 'small',
      nested: { a: 1, b: '2' },
    });
    assert.deepEqual(parse(parametersText({ setParam: ['size=big'] }, 'size: small\nzone: 1.30') ?? ''), {
      size: 'big',
      zone: 1.3,
    });
  });

  const refused: [name: string, params: string[], message: RegExp][] = [
    ['a value before its parts', ['v=2', 'v.x=1'], /--set-param v and --set-param v\.x exclude each other/],
    ['parts before their value', ['v.x=1', 'v=2'], /--set-param v and --set-param v\.x exclude each other/],
    ['deep parts', ['a.b.c=1', 'x=1', 'a=2'], /--set-param a and --set-param a\.b\.c exclude each other/],
    ['the same twice', ['v=1', 'v=2'], /--set-param v is given twice/],
    ['an empty part', ['v..x=1'], /a part of this name is empty/],
    ['no value', ['v'], /write name=value/],
  ];
  for (const [name, params, message] of refused)
    it(`are refused: ${name}`, () => {
      assert.throws(() => set(...params), message);
    });

  it('do not take the place of what a file or the resource gives parts of', () => {
    assert.throws(
      () => parametersText({ setParam: ['nested=1'], parameters: file }),
      /--set-param nested: the file .* gives it parts of its own/,
    );
    assert.throws(
      () => parametersText({ setParam: ['nested=1'] }, 'nested: {a: 1}'),
      /--set-param nested: what is there already gives it parts/,
    );
    assert.throws(
      () => parametersText({ setParam: ['size.a=1'], parameters: file }),
      /--set-param size\.a: a part of this name has a value of its own in the file/,
    );
  });

  it('tell no value in an error', () => {
    assert.throws(
      () => set('password=s3cret', 'password.x=s3cret'),
      ({ message }: Error) => !message.includes('s3cret'),
    );
  });

  it('that are longer names beside shorter ones are kept', () => {
    assert.deepEqual(parse(set('v=1', 'vx=2', 'w.v=3') ?? ''), { v: '1', vx: '2', w: { v: '3' } });
  });
});
