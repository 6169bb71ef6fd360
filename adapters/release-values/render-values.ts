import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PlatformError } from '../../contracts/errors.ts';
import type { Helm } from '../helm/helm.ts';
import { redactValues } from '../helm/redact-values.ts';

/** What a template's values may refer to as `.Values`. */
export interface TemplateContext {
  readonly [parameter: string]: unknown;
  readonly loft: {
    readonly name: string;
    readonly project: string;
    readonly cluster: string;
    readonly space: string;
    readonly virtualClusterName: string;
    readonly virtualClusterNamespace: string;
    readonly clusterAnnotations: Record<string, string>;
    readonly user?: Record<string, unknown>;
    readonly team?: Record<string, unknown>;
  };
}

const maxLength = 256 * 1024;

/** Renders the values and nothing else; JSON carries any text through YAML unharmed. */
const carrier = `apiVersion: v1
kind: ConfigMap
metadata: { name: values }
data:
  values: {{ tpl (.Files.Get "values.gotmpl") . | toJson }}
`;

/**
 * Values (YAML) of a template whose `{{ … }}` are Go templates with Sprig, rendered by Helm's own engine in the
 * jail of `helm.template`.
 * @param deps.workDir private folder
 * @throws PlatformError `invalid_values` if the result is no YAML object or too large; what `helm.template` throws
 */
export async function renderValues(
  deps: { helm: Helm; workDir: string },
  request: { values: string; context: TemplateContext; signal?: AbortSignal | undefined },
): Promise<string> {
  if (request.values.length > maxLength)
    throw new PlatformError('invalid_values', 'The values are longer than 256 KiB');
  const rendered = request.values.includes('{{') ? await renderInJail(deps, request) : request.values;
  checkYaml(rendered);
  return rendered;
}

async function renderInJail(
  deps: { helm: Helm; workDir: string },
  request: { values: string; context: TemplateContext; signal?: AbortSignal | undefined },
): Promise<string> {
  const chart = join(deps.workDir, 'values-charts', randomUUID());
  try {
    await mkdir(join(chart, 'templates'), { recursive: true, mode: 0o700 });
    await Promise.all([
      writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: values\nversion: 0.0.0\n'),
      writeFile(join(chart, 'templates', 'values.yaml'), carrier),
      writeFile(join(chart, 'values.gotmpl'), request.values, { mode: 0o600 }),
    ]);
    const output = await deps.helm
      .template({
        chart,
        values: JSON.stringify(request.context),
        release: request.context.loft.virtualClusterName,
        namespace: request.context.loft.virtualClusterNamespace,
        what: "Rendering the template's values",
        signal: request.signal,
      })
      .catch((error: unknown) => {
        throw withoutSource(error, request.values);
      });
    const { data } = parse(output) as { data: { values: string } };
    if (data.values.length > maxLength)
      throw new PlatformError('invalid_values', 'The rendered values are longer than 256 KiB');
    return data.values;
  } finally {
    await rm(chart, { recursive: true, force: true });
  }
}

/** Helm names the chart that carries the values, and quotes the template, whose plain text may hold what a value would. */
function withoutSource(error: unknown, source: string): unknown {
  if (!(error instanceof PlatformError)) return error;
  const message = error.message
    .replaceAll(
      /template: values\/templates\/values\.yaml:\S+ executing \S+ at <tpl [^>]*>: error calling tpl: /g,
      '',
    )
    .replace(/ Use --debug flag .*$/, '');
  return new PlatformError(error.code, redactValues(message, source));
}

function checkYaml(values: string): void {
  let content: unknown;
  try {
    content = parse(values, { version: '1.1', maxAliasCount: 20, logLevel: 'error' });
  } catch {
    throw new PlatformError('invalid_values', 'The values are no valid YAML'); // the parser's message quotes them
  }
  if (content !== null && content !== undefined && (typeof content !== 'object' || Array.isArray(content))) {
    throw new PlatformError('invalid_values', 'The values must be a YAML object: name: value');
  }
}
