import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { unambiguousJson } from '../../templates/helm-yaml.ts';

/** A manifest that was checked, and the name and version of the chart that it was rendered from. */
export interface CheckedManifest {
  readonly chart: { readonly name: string; readonly version: string };
  readonly objects: readonly KubernetesObject[];
}

const manifestFile = 'manifest.json';
/** The only template: it says where the manifest is, and Helm does not look for `{{` in what a file holds. */
const template = `{{ .Files.Get "${manifestFile}" }}\n`;

/**
 * Gives `use` the folder of a chart that renders to `manifest` and to nothing else, whatever stands in it: nothing
 * of it is a template, there are no values, and each object is one line of JSON, which has one reading. Name and
 * version are those of the chart it came from, so that the release goes on being one of that chart.
 * @param dir private folder
 */
export async function withCheckedChart<T>(
  dir: string,
  { chart, objects }: CheckedManifest,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(dir, randomUUID());
  try {
    await mkdir(join(folder, 'templates'), { recursive: true, mode: 0o700 });
    const manifest = objects.map((object) => `---\n${unambiguousJson(object)}\n`).join('');
    await Promise.all([
      writeFile(join(folder, 'Chart.yaml'), `${unambiguousJson({ apiVersion: 'v2', ...chart })}\n`),
      writeFile(join(folder, 'templates', 'manifest.yaml'), template),
      writeFile(join(folder, manifestFile), manifest, { mode: 0o600 }),
    ]);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
