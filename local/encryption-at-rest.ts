import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../contracts/errors.ts';
import type { ProgramFile } from '../adapters/processes/program.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';

/** How a kube-apiserver seals what it stores. */
export interface EncryptionAtRest {
  /** Flag and configuration file of the kube-apiserver. */
  readonly args: string[];
  readonly file: ProgramFile;
  /** Name of the key that everything is sealed with when it is written. */
  readonly key: string;
  /** What of the store is not sealed with that key yet: `clear` if a version without encryption wrote it. */
  readonly due: 'nothing' | 'clear' | 'older-key';
  /** Remembers that nothing is due any more. */
  done(): void;
}

export interface EncryptionOptions {
  /** File with one key per line, `<name> <32 bytes in base64>`: the first seals, all open. Made if it is missing. */
  keysFile: string;
  /** Folder for the configuration and for what is remembered of it. */
  dir: string;
  /** Which resources, as EncryptionConfiguration names them: `secrets`, `*.management.loft.sh`. */
  resources: readonly string[];
  /** Nothing was stored yet. */
  isNew: boolean;
}

interface Key {
  readonly name: string;
  readonly secret: string;
}

/**
 * Encryption at rest by keys in a file outside the store. XSalsa20 and Poly1305 (`secretbox`): its nonces are random
 * and long enough for any number of writes, which those of `aesgcm` are not, and it notices changes, which `aescbc`
 * does not. Without a key that fits, plain values are read too (`identity`): a former version wrote such.
 * @throws PlatformError `invalid_request`: a line is not a key, or the keys of a store that was sealed are missing
 */
export function openEncryption({ keysFile, dir, resources, isNew }: EncryptionOptions): EncryptionAtRest {
  const stateFile = join(dir, 'encryption.json');
  if (!existsSync(keysFile)) {
    if (existsSync(stateFile))
      throw new PlatformError(
        'invalid_request',
        `${keysFile} is missing, and the data in ${dir} cannot be read without its keys: restore it from a backup`,
      );
    writePrivateFile(keysFile, `key-1 ${randomBytes(32).toString('base64')}\n`);
  }
  const keys = readKeys(keysFile);
  const [first] = keys as [Key, ...Key[]];
  const wanted = JSON.stringify({ key: fingerprint(first), resources });
  const path = join(dir, 'encryption-provider.json');
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources, providers: [{ secretbox: { keys } }, { identity: {} }] }],
  };
  const done = (): void => writePrivateFile(stateFile, wanted);
  if (isNew) done();
  const known = existsSync(stateFile) ? readFileSync(stateFile, 'utf8') : undefined;
  return {
    args: [`--encryption-provider-config=${path}`],
    file: { path, content: JSON.stringify(configuration) },
    key: first.name,
    due: known === undefined ? 'clear' : known === wanted ? 'nothing' : 'older-key',
    done,
  };
}

function readKeys(file: string): Key[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const keys = lines.map((line, index) => {
    const [, name, secret] = /^([\w.-]{1,63})\s+([A-Za-z0-9+/]{43}=)$/.exec(line) ?? [];
    if (name === undefined || secret === undefined)
      throw new PlatformError(
        'invalid_request',
        `line ${index + 1} of ${file} is not a key: write a name, a space and 32 bytes in base64`,
      );
    return { name, secret };
  });
  if (keys.length === 0 || new Set(keys.map(({ name }) => name)).size !== keys.length)
    throw new PlatformError('invalid_request', `${file} must hold at least one key, each with its own name`);
  return keys;
}

function fingerprint({ name, secret }: Key): string {
  return createHash('sha256').update(`${name} ${secret}`).digest('hex').slice(0, 16);
}
