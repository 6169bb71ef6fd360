import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PlatformError } from '../../contracts/errors.ts';
import { readHelmYaml, unambiguousJson, YamlFault } from '../../templates/helm-yaml.ts';
import { type Question, questionsAbout, refuseStructure } from '../../templates/parameters-as-data.ts';
import type { TemplateContext, ValuesRequest } from '../../templates/template-context.ts';
import { redactValues } from './helm-failures.ts';
import type { Helm } from './helm.ts';

/** What renders: Helm, and a private folder of its own. */
export interface RenderDeps {
  readonly helm: Helm;
  readonly workDir: string;
}

const maxLength = 256 * 1024;

/**
 * Renders the values with each of the contexts and nothing else; JSON carries any text through YAML unharmed. Helm reads
 * every number as a floating one, which `gt .Values.size 1` refuses and `"{{ .Values.size }}"` writes as 1e+06.
 */
const carrier = `apiVersion: v1
kind: ConfigMap
metadata: { name: values }
data:
  {{- range $index, $context := .Values.contexts }}
  {{- range $path := $.Values.integers }}
  {{- $at := $context }}
  {{- range initial $path }}{{ $at = get $at . }}{{ end }}
  {{- $_ := set $at (last $path) (int64 (get $at (last $path))) }}
  {{- end }}
  {{ $index | quote }}: {{ tpl ($.Files.Get "values.gotmpl") (merge (dict "Values" $context) (omit $ "Values")) | toJson }}
  {{- end }}
`;

/**
 * Values of a template whose `{{ … }}` are Go templates with Sprig, rendered by Helm's own engine in the
 * jail of `helm.template`, as JSON: one reading for us and for Helm.
 * @param deps.workDir private folder
 * @throws PlatformError `invalid_values` if the result is not a YAML object or too large; `invalid_parameters` if a text
 *   of `texts` would become structure; what `helm.template` throws
 */
export async function renderValues(deps: RenderDeps, request: ValuesRequest): Promise<string> {
  if (request.values.length > maxLength)
    throw new PlatformError('invalid_values', 'the values are longer than 256 KiB');
  if (!request.values.includes('{{')) return unambiguousJson(toObject(request.values));
  const questions = questionsAbout(request);
  const [real = '', ...answers] = await renderAll(deps, request, questions);
  refuseStructure(real, questions, answers);
  return unambiguousJson(toObject(real));
}

/**
 * The values as they are, and for each question as they would be. A template may fail on a text that it does not
 * expect: if it fails on one of the questions only, that is an answer too.
 */
async function renderAll(
  deps: RenderDeps,
  request: ValuesRequest,
  questions: readonly Question[],
): Promise<(string | undefined)[]> {
  try {
    return await renderInJail(deps, request, [request.context, ...questions.map(({ context }) => context)]);
  } catch (error) {
    if (questions.length === 0 || !(error instanceof PlatformError) || request.signal?.aborted === true)
      throw error;
    const real = await renderInJail(deps, request, [request.context]);
    return [...real, ...questions.map(() => undefined)];
  }
}

async function renderInJail(
  deps: RenderDeps,
  request: ValuesRequest,
  contexts: readonly TemplateContext[],
): Promise<string[]> {
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
        values: unambiguousJson({ contexts, integers: integerPaths(request.context) }),
        // Helm's names are shorter than Kubernetes'.
        release: request.context.loft.virtualClusterName.slice(0, 53).replace(/-+$/, ''),
        namespace: request.context.loft.virtualClusterNamespace,
        what: "rendering the template's values",
        signal: request.signal,
      })
      .catch((error: unknown) => {
        throw withoutSource(error, request.values);
      });
    const { data } = parse(output) as { data: Record<string, string> };
    return contexts.map((_, index) => {
      const rendered = data[String(index)] ?? '';
      if (rendered.length > maxLength)
        throw new PlatformError('invalid_values', 'the rendered values are longer than 256 KiB');
      return rendered;
    });
  } finally {
    await rm(chart, { recursive: true, force: true });
  }
}

/** Where an object, or one in it, has a whole number. */
function integerPaths(values: object): string[][] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (Number.isSafeInteger(value)) return [[key]];
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? integerPaths(value).map((path) => [key, ...path]) : [];
  });
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

function toObject(values: string): object {
  let content: unknown;
  try {
    content = readHelmYaml(values);
  } catch (error) {
    const fault = error instanceof YamlFault ? error.message : 'are not valid YAML';
    throw new PlatformError('invalid_values', `the values ${fault}`);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw new PlatformError('invalid_values', 'the values must be a YAML object: name: value');
  return content;
}
