import { accessSync, constants, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { PlatformError } from '../contracts/errors.ts';

const ImageTable = Type.Record(
  Type.String({ description: 'Repository without tag' }),
  Type.Object({
    bin: Type.Array(Type.String(), {
      minItems: 1,
      description: 'Folders its programs are looked up in; become PATH',
    }),
    tags: Type.Array(Type.String()),
    entrypoint: Type.Optional(
      Type.Array(Type.String(), { description: 'Used when a container names no command' }),
    ),
  }),
);
export type ImageTable = Static<typeof ImageTable>;
export type Image = ImageTable[string];

/** @throws PlatformError `invalid_request` */
export function parseImageTable(text: string): ImageTable {
  const table: unknown = JSON.parse(text);
  if (Value.Check(ImageTable, table)) return table;
  const [first] = Value.Errors(ImageTable, table);
  throw new PlatformError(
    'invalid_request',
    `the table of images is not valid: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
  );
}

/** Why a container cannot run; `reason` becomes its waiting reason. */
export class ContainerRefusal extends Error {
  readonly reason: string;
  constructor(
    reason: 'ErrImageNeverPull' | 'CreateContainerConfigError' | 'CreateContainerError',
    message: string,
  ) {
    super(message);
    this.reason = reason;
  }
}

/**
 * The table's entry for an image reference (`repository[:tag][@digest]`, tag `latest` by default).
 * @throws ContainerRefusal ErrImageNeverPull: this node never pulls
 */
export function findImage(table: ImageTable, reference: string): Image {
  const [withoutDigest = ''] = reference.split('@');
  const slash = withoutDigest.lastIndexOf('/');
  const colon = withoutDigest.indexOf(':', slash + 1);
  const repository = colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
  const tag = colon === -1 ? 'latest' : withoutDigest.slice(colon + 1);
  const image = table[repository] ?? table[repository.replace(/^docker\.io\/(library\/)?/, '')];
  if (image === undefined) {
    throw new ContainerRefusal(
      'ErrImageNeverPull',
      `this node runs host processes and does not have the image ${repository}; it has ${Object.keys(table).toSorted().join(', ')}`,
    );
  }
  if (!image.tags.includes(tag)) {
    throw new ContainerRefusal(
      'ErrImageNeverPull',
      `this node has ${repository} only as ${image.tags.join(', ')}, not as ${tag}`,
    );
  }
  return image;
}

/**
 * Host path of a program of an image: the base name of `command` in the image's folders.
 * @throws ContainerRefusal CreateContainerError
 */
export function findProgram(image: Image, command: string): string {
  const name = basename(command);
  for (const folder of image.bin) {
    const candidate = join(folder, name);
    if (isExecutable(candidate)) return candidate;
  }
  throw new ContainerRefusal(
    'CreateContainerError',
    `the image does not have the program ${name} (looked in ${image.bin.join(', ')})`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // absent, or not for us: both mean "not here"
  }
}
