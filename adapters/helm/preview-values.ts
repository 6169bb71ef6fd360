import { stringify } from 'yaml';
import type { AppParameter } from '../../contracts/resources/app-parameter.ts';
import type { TemplateContext } from '../../templates/template-context.ts';
import { othersTexts } from '../../templates/template-context.ts';
import {
  freeParameters,
  type ParameterValues,
  resolveParameters,
  setAt,
  valueAt,
} from '../../templates/template-parameters.ts';
import { type RenderDeps, renderValues } from './render-values.ts';

/** Values to preview, and what they are rendered with. */
export interface PreviewRequest {
  /** A Go template. */
  readonly values: string;
  /** Declared by a template; undefined: the values are the caller's own and declare none. */
  readonly declared: readonly AppParameter[] | undefined;
  /** YAML. */
  readonly parameters: string;
  readonly loft: TemplateContext['loft'];
}

/** What a preview shows in place of a password, typed or by default. */
const hiddenPassword = 'hidden-password';

/**
 * The values as YAML, as they would be installed, with passwords replaced. Whatever would refuse the installation refuses
 * this too.
 * @throws PlatformError `invalid_parameters`, and what {@link renderValues} throws
 */
export async function previewValues(deps: RenderDeps, request: PreviewRequest): Promise<string> {
  const { values, declared, loft } = request;
  const template = { parameters: declared ?? [], inline: declared === undefined };
  const parameters = resolveParameters(template, request.parameters);
  const render = (given: ParameterValues) =>
    renderValues(deps, {
      values,
      context: { ...given, loft },
      texts: declared === undefined ? [] : [...freeParameters(declared, parameters), ...othersTexts(loft)],
    });
  const rendered = await render(parameters);
  const hidden = withoutPasswords(template.parameters, parameters);
  return stringify(JSON.parse(hidden === undefined ? rendered : await render(hidden)));
}

/** Undefined if there are none. */
function withoutPasswords(
  declared: readonly AppParameter[],
  parameters: ParameterValues,
): ParameterValues | undefined {
  const passwords = declared.filter(
    ({ type, variable }) => type === 'password' && valueAt(parameters, variable) !== undefined,
  );
  if (passwords.length === 0) return undefined;
  const hidden = structuredClone(parameters);
  for (const { variable } of passwords) setAt(hidden, variable, hiddenPassword);
  return hidden;
}
