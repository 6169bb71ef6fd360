import { PlatformError } from '../../contracts/errors.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import type { TemplateMetadata } from '../../contracts/resources/object-meta.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { SpaceTemplateDefinition } from '../../contracts/resources/space-template.ts';
import { isPlatformsOwn } from '../../domain/instance-templates/template-metadata.ts';
import { sleepSettingNames } from '../../domain/sleep/sleep-settings.ts';
import type { ResolvedTemplate } from '../../domain/instance-templates/template-version.ts';
import { loftContext, othersTexts, type ValuesRequest } from '../../templates/template-context.ts';
import { freeParameters, resolveParameters } from '../../templates/template-parameters.ts';
import type { ManagementResources } from '../kubernetes/resources.ts';
import { type RenderDeps, renderValues } from './render-values.ts';
import { readSurroundings } from './surroundings.ts';

type Field = keyof TemplateMetadata;

/**
 * What the template of a space gives its namespace, rendered with the space's parameters.
 * @throws PlatformError `invalid_parameters`, `management_unavailable`, and what {@link renderMetadata} throws
 */
export async function renderSpaceMetadata(
  deps: RenderDeps & { readonly resources: ManagementResources },
  space: SpaceRef,
  instance: SpaceInstance,
  { definition, parameters: declared }: ResolvedTemplate<SpaceTemplateDefinition>,
): Promise<TemplateMetadata> {
  const template = { parameters: declared, inline: false };
  const parameters = resolveParameters(template, instance.spec?.parameters ?? '');
  const loft = loftContext(space, instance, await readSurroundings(deps.resources, space.cluster, instance));
  return renderMetadata(deps, definition.metadata ?? {}, {
    context: { ...parameters, loft },
    texts: [...freeParameters(declared, parameters), ...othersTexts(loft)],
  });
}

/**
 * Labels and annotations of a template, whose texts are Go templates as values are. Each stays one text, whatever is
 * written into it; names are not rendered.
 * @throws PlatformError `invalid_values` for what is the platform's own, and what {@link renderValues} throws
 */
async function renderMetadata(
  deps: RenderDeps,
  metadata: TemplateMetadata,
  request: Omit<ValuesRequest, 'values'>,
): Promise<Required<TemplateMetadata>> {
  const all = (['labels', 'annotations'] as const).flatMap((field) =>
    Object.entries(metadata[field] ?? {})
      // Settings of sleep are for the space (domain/sleep/policy-sources.ts), not for its namespace.
      .filter(([name]) => field !== 'annotations' || !sleepSettingNames.includes(name))
      .map(([name, text]) => ({ field, name, text })),
  );
  const own = all.find(({ name }) => isPlatformsOwn(name));
  if (own !== undefined)
    throw new PlatformError(
      'invalid_values',
      `${own.field} "${own.name}" of a template belongs to the platform`,
    );
  const texts = await renderTexts(
    deps,
    all.map(({ text }) => text),
    request,
  );
  const of = (wanted: Field) =>
    Object.fromEntries(
      all.flatMap(({ field, name }, index) => (field === wanted ? [[name, texts[index] ?? '']] : [])),
    );
  return { labels: of('labels'), annotations: of('annotations') };
}

/** All in one rendering: each is a literal block, in which nothing but a line end has a meaning. */
async function renderTexts(
  deps: RenderDeps,
  texts: readonly string[],
  request: Omit<ValuesRequest, 'values'>,
): Promise<string[]> {
  const block = (text: string, index: number) => `t${index}: |2-\n${text.replaceAll(/^/gm, '  ')}\n`;
  const values = texts.map(block).join('');
  const rendered = JSON.parse(await renderValues(deps, { ...request, values })) as Record<string, string>;
  return texts.map((_, index) => rendered[`t${index}`] ?? '');
}
