import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What an image holds: path in the image → file of this machine (copied as what it is), or a link's target. */
export type ImageFiles = Readonly<Record<string, string | { readonly linkTo: string }>>;

export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
}

/**
 * Writes an image of one layer, made of files of this machine, as a folder in OCI's image layout
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
 * @param name with its tag, as pods will call it
 * @returns path of the folder, somewhere in `dir`
 */
export async function writeImageLayout(
  dir: string,
  name: string,
  files: ImageFiles,
  config: ImageConfig = {},
): Promise<string> {
  const work = mkdtempSync(join(dir, 'image-'));
  const layout = join(work, 'layout');
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const layerFile = join(work, 'layer.tar');
  execFileSync('tar', [
    '--owner=0',
    '--group=0',
    '-cf',
    layerFile,
    '-C',
    filled(join(work, 'files'), files),
    '.',
  ]);
  const layer = await descriptorOf(layerFile, 'application/vnd.oci.image.layer.v1.tar');
  renameSync(layerFile, join(blobs, layer.digest.slice('sha256:'.length)));
  const blob = (mediaType: string, content: object) => {
    const text = JSON.stringify(content);
    const digest = createHash('sha256').update(text).digest('hex');
    writeFileSync(join(blobs, digest), text);
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
  };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const image = blob('application/vnd.oci.image.config.v1+json', {
    architecture,
    os: 'linux',
    config,
    rootfs,
  });
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = { schemaVersion: 2, mediaType: manifestType, config: image, layers: [layer] };
  const annotations = { 'io.containerd.image.name': name };
  const index = { schemaVersion: 2, manifests: [{ ...blob(manifestType, manifest), annotations }] };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  rmSync(join(work, 'files'), { recursive: true });
  return layout;
}

function filled(root: string, files: ImageFiles): string {
  // Folders that every image has; a container's read-only root could not get them later.
  for (const folder of ['tmp', 'etc', 'dev', 'proc', 'sys', 'run', 'var'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [path, source] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof source === 'string') linkOrCopy(realpathSync(source), target);
    else symlinkSync(source.linkTo, target);
  }
  return root;
}

/** A second name costs nothing, a copy of a server 100 MB. */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target); // on another file system
  }
}

async function descriptorOf(file: string, mediaType: string) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return { mediaType, digest: `sha256:${hash.digest('hex')}`, size: statSync(file).size };
}
