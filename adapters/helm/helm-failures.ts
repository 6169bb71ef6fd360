import { parseDocument, visit } from 'yaml';
import { lastingFailure, PlatformError } from '../../contracts/errors.ts';
import type { HelmOutput } from './run-helm.ts';

const unreachable =
  /cluster unreachable|connection refused|connection reset|no such host|i\/o timeout|TLS handshake timeout|unexpected EOF|proxyconnect|Proxy Authentication|the server is currently unable|http2: client connection lost|etcdserver: |Service Unavailable|Bad Gateway|Client\.Timeout exceeded|context deadline exceeded/i;
/** Helm has one exit code. What the API server will never take, and templates that cannot be rendered; all else may be its cluster: quotas, webhooks, time limits. */
const lasting =
  /\bis invalid\b|immutable|updates to \w+ spec for fields|execution error|parse error|error calling|cannot parse template|unclosed action|function \S+ not defined|no matches for kind/i;
const maxMessageLength = 600;

/**
 * A failed run of Helm as a PlatformError: `invalid_values` if the chart's schema refuses the values,
 * `cluster_unreachable` (retryable) if the cluster did not answer, else `chart_failed`. The message holds nothing
 * of `values`.
 */
export function helmFailure(what: string, output: HelmOutput, values = ''): PlatformError {
  const stderr = output.stderr.trim();
  if (output.timedOut) {
    return new PlatformError('chart_failed', `${what} took too long and was stopped`);
  }
  if (unreachable.test(stderr))
    return new PlatformError('cluster_unreachable', `${what}: the cluster does not answer`);
  if (/another operation .* is in progress/.test(stderr)) {
    return new PlatformError('internal', `${what}: another run of Helm is working on this release; retrying`);
  }
  if (
    /cannot allocate memory|out of memory|\bfatal error\b/.test(stderr) ||
    output.exitCode === null ||
    output.exitCode > 128
  ) {
    return new PlatformError('chart_failed', `${what} exceeded its memory or CPU time limit`);
  }
  const schema = schemaComplaints(stderr);
  if (schema !== undefined)
    return new PlatformError(
      'invalid_values',
      `the chart does not accept the values: ${clip(redactValues(schema, values))}`,
    );
  return new PlatformError(
    'chart_failed',
    `${what} failed: ${clip(redactValues(plain(stderr), values))}`,
    lasting.test(stderr) ? { details: lastingFailure } : {},
  );
}

/** What the chart's values schema refuses, as `/path: reason; …`; undefined if that is not why Helm failed. */
function schemaComplaints(stderr: string): string | undefined {
  if (!stderr.includes("values don't meet the specifications of the schema")) return undefined;
  const complaints = stderr.split('\n').flatMap((line) => {
    const match = /^\s*- at '([^']*)': (.*)$/.exec(line);
    // "'x' does not match pattern" begins with the value.
    return match === null
      ? []
      : [`${match[1] === '' ? '/' : match[1]}: ${(match[2] ?? '').replace(/^'.*' (?=does not|is not)/, '')}`];
  });
  return complaints.join('; ');
}

/** Without Helm's prefix, warnings, stack traces and the API server's quotes of field values. */
function plain(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !/^(WARNING|level=|time=|I\d{4}|W\d{4})/.test(line));
  return lines
    .join(' ')
    .replace(/^Error: /, '')
    .replace(/(cannot parse template|tpl function execution for) "(?:[^"\\]|\\.)*"/g, '$1')
    .replace(/Invalid value: (?:"(?:[^"\\]|\\.)*"|\S+?)(?=:)/g, 'Invalid value')
    .replace(/\s+/g, ' ');
}

function clip(text: string): string {
  return text.length <= maxMessageLength ? text : `${text.slice(0, maxMessageLength)}…`;
}

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
