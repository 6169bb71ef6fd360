import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A manifest as a guide has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: Record<string, unknown>;
}

/** The blocks of a language in a guide of docs/guides. */
export function blocksOf(guide: string, language: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/guides', `${guide}.md`), 'utf8');
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(pattern)].map(([, block = '']) => block);
}

/** What a guide tells to apply to the management API. */
export function manifestsOf(guide: string): Manifest[] {
  return blocksOf(guide, 'yaml')
    .flatMap((block) => parseAllDocuments(block).map((document) => document.toJS() as Manifest))
    .filter(({ apiVersion }) => apiVersion?.startsWith('management.loft.sh/'));
}
