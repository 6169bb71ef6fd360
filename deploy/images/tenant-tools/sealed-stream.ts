import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Failure } from './failure.ts';

/*
 * A sealed file:  "VCPS" 1 | length of header (4 bytes, big endian) | header (JSON) | chunk …
 *
 * The header is readable by anybody; the chunks are 64 KiB of plain text each (the last one less), encrypted and
 * authenticated one by one with AES-256-GCM: the nonce counts them and marks the last one, so that chunks can be
 * neither reordered nor left out (the STREAM construction, https://eprint.iacr.org/2015/189). Each file has a key of
 * its own, HKDF-SHA256 of the project's key, a random salt and the header, so that the header cannot be changed
 * either.
 */
const magic = Buffer.from('VCPS\x01', 'latin1');
const chunkBytes = 64 * 1024;
const tagBytes = 16;
const maxHeaderBytes = 64 * 1024;

export interface SealedHeader {
  readonly salt: string;
  /** Tells keys apart; says nothing about them. */
  readonly keyId: string;
  readonly [name: string]: string;
}

/** Size and lower-case hex SHA-256 of a whole file. */
export interface FileFacts {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Writes `content` sealed with `key` (32 bytes). */
export async function seal(
  file: FileHandle,
  key: Buffer,
  names: Record<string, string>,
  content: AsyncIterable<Buffer>,
): Promise<FileFacts> {
  const header: SealedHeader = { ...names, salt: randomBytes(32).toString('base64'), keyId: keyId(key) };
  const headerBytes = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(headerBytes.length);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const write = async (bytes: Buffer): Promise<void> => {
    hash.update(bytes);
    sizeBytes += bytes.length;
    await file.writeFile(bytes);
  };
  await write(Buffer.concat([magic, length, headerBytes]));
  const fileKey = deriveKey(key, header, headerBytes);
  let counter = 0;
  let pending = Buffer.alloc(0);
  for await (const bytes of content) {
    pending = Buffer.concat([pending, bytes]);
    // The last chunk is only known as such when the content has ended.
    while (pending.length > chunkBytes) {
      await write(sealChunk(fileKey, counter, false, pending.subarray(0, chunkBytes)));
      pending = pending.subarray(chunkBytes);
      counter += 1;
    }
  }
  await write(sealChunk(fileKey, counter, true, pending));
  return { sizeBytes, sha256: hash.digest('hex') };
}

/**
 * The content of a sealed file, chunk by chunk, each authenticated before it is handed out; ends with an error
 * unless the file is whole. `onFacts` gets size and hash of the file after the last chunk.
 * @throws Failure `snapshot_damaged`
 */
export async function* unseal(
  file: FileHandle,
  key: Buffer,
  onFacts: (facts: FileFacts) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let position = 0;
  const read = async (bytes: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await file.read(buffer, filled, bytes - filled, position);
      if (bytesRead === 0) break;
      filled += bytesRead;
      position += bytesRead;
    }
    const part = buffer.subarray(0, filled);
    hash.update(part);
    return part;
  };
  const { header, headerBytes } = await readHeader(read);
  if (header.keyId !== keyId(key))
    throw new Failure(
      'snapshot_damaged',
      'The snapshot was encrypted with a key that the project no longer has',
    );
  const fileKey = deriveKey(key, header, headerBytes);
  const { size } = await file.stat();
  for (let counter = 0; ; counter += 1) {
    const chunk = await read(chunkBytes + tagBytes);
    const last = position >= size;
    yield openChunk(fileKey, counter, last, chunk);
    if (last) break;
  }
  onFacts({ sizeBytes: position, sha256: hash.digest('hex') });
}

async function readHeader(
  read: (bytes: number) => Promise<Buffer>,
): Promise<{ header: SealedHeader; headerBytes: Buffer }> {
  const start = await read(magic.length + 4);
  const length =
    start.length === magic.length + 4 && start.subarray(0, magic.length).equals(magic)
      ? start.readUInt32BE(magic.length)
      : 0;
  if (length === 0 || length > maxHeaderBytes)
    throw new Failure('snapshot_damaged', 'The file is not a snapshot');
  const headerBytes = await read(length);
  try {
    return { header: JSON.parse(headerBytes.toString('utf8')) as SealedHeader, headerBytes };
  } catch (error) {
    throw new Failure('snapshot_damaged', "The snapshot's header is damaged", { cause: error });
  }
}

function deriveKey(key: Buffer, header: SealedHeader, headerBytes: Buffer): Buffer {
  // HKDF takes at most 1024 bytes of info: a hash stands for the header.
  const digest = createHash('sha256').update(magic).update(headerBytes).digest();
  return Buffer.from(hkdfSync('sha256', key, Buffer.from(String(header.salt), 'base64'), digest, 32));
}

function sealChunk(key: Buffer, counter: number, last: boolean, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter, last));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openChunk(key: Buffer, counter: number, last: boolean, chunk: Buffer): Buffer {
  if (chunk.length < tagBytes) throw new Failure('snapshot_damaged', 'The snapshot is truncated');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter, last));
  decipher.setAuthTag(chunk.subarray(chunk.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - tagBytes)), decipher.final()]);
  } catch (error) {
    throw new Failure(
      'snapshot_damaged',
      'The snapshot is damaged: its content does not match its checksum',
      { cause: error },
    );
  }
}

function nonce(counter: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(counter, 5, 6);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('vcps key id').update(key).digest('hex').slice(0, 16);
}
