import { parseDocument, visit } from 'yaml';

/** Shorter scalars (`true`, `80`) are not secrets, and replacing them would make a message unreadable. */
const shortestSecret = 4;

/**
 * `message` without anything that stands in `values` (YAML): Helm quotes values in its errors, and values may hold
 * passwords. Names of fields stay.
 */
export function redactValues(message: string, values: string): string {
  const secrets = scalarsOf(values).toSorted((a, b) => b.length - a.length);
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message);
}

function scalarsOf(values: string): string[] {
  const found = new Set<string>();
  visit(parseDocument(values, { version: '1.1', logLevel: 'silent' }), {
    Scalar(key, node) {
      if (key === 'key') return;
      for (const line of [node.source, String(node.value)].flatMap((text) => text?.split('\n') ?? [])) {
        const text = line.trim();
        if (text.length >= shortestSecret) found.add(text);
      }
    },
  });
  return [...found];
}
