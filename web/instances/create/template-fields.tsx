import { Alert, Badge, Group, Radio, Select, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { objectQuery } from '../../server/objects.ts';
import type { UsableTemplates } from '../../server/project-subresources.ts';
import { createText as text } from '../../text/create.ts';
import { newestVersion, versionsOf } from '../../components/template-versions.ts';
import classes from './create-form.module.css';
import { type Draft, withSpec } from './draft.ts';
import { FormSection, type SectionProps } from './form-section.tsx';
import { patternsOf, type TemplateChoice, withTemplate } from './template-selection.ts';

const without = '';

/** What it is made of: one of the templates that may be used here, and which of its versions. */
export function TemplateFields({
  kind,
  project,
  draft,
  change,
  faults,
  usable: { templates, byDefault },
  choice,
}: SectionProps & { usable: UsableTemplates; choice: TemplateChoice }) {
  const { hasOwnValues } = consoleKinds[kind];
  const mayGoWithout = useMayGoWithout(project) || !hasOwnValues;
  const isInline = draft.spec.template !== undefined;
  const isWithout = isInline || (!hasOwnValues && draft.spec.templateRef === undefined);
  const named = draft.spec.templateRef?.name;
  const choose = (value: string) => {
    const template = templates.find(({ metadata }) => metadata.name === value);
    if (template !== undefined) change(withTemplate(draft, template, newestVersion(template)));
    else change(withoutTemplate(draft, hasOwnValues));
  };
  return (
    <FormSection title={text.template}>
      {templates.length === 0 && !mayGoWithout && (
        <Alert color="yellow" title={text.noTemplates}>
          {text.noTemplatesWhy}
        </Alert>
      )}
      <Radio.Group
        aria-label={text.template}
        value={isWithout ? without : (named ?? null)}
        onChange={choose}
        error={faults.template}
      >
        <div className={classes['cards']}>
          {templates.map((template) => (
            <TemplateCard
              key={template.metadata.name}
              value={template.metadata.name}
              title={template.spec?.displayName || template.metadata.name}
              description={template.spec?.description}
              foot={footOf(template)}
              isDefault={template.metadata.name === byDefault}
            />
          ))}
          {mayGoWithout && (
            <TemplateCard
              value={without}
              title={text.withoutTemplate[kind]}
              description={text.withoutTemplateWhy[kind]}
            />
          )}
        </div>
      </Radio.Group>
      {choice.template !== undefined && (
        <VersionSelect draft={draft} change={change} template={choice.template} />
      )}
      {isInline && (
        <Textarea
          label={text.values}
          description={text.valuesHint}
          value={draft.spec.template?.helmRelease?.values ?? ''}
          onChange={({ currentTarget: { value } }) =>
            change(
              withSpec(draft, {
                template: {
                  ...draft.spec.template,
                  helmRelease: { ...draft.spec.template?.helmRelease, values: value },
                },
              }),
            )
          }
          autosize
          minRows={4}
          maxRows={16}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
      )}
    </FormSection>
  );
}

/** Whether the project lets its members write values of their own. */
function useMayGoWithout(project: string): boolean {
  const { data } = useQuery(objectQuery('projects', { name: project }));
  return data?.spec?.requireTemplate?.disabled === true;
}

function withoutTemplate(draft: Draft, hasOwnValues: boolean): Draft {
  return withSpec(draft, {
    templateRef: undefined,
    parameters: undefined,
    template: hasOwnValues ? { helmRelease: { values: '' } } : undefined,
  });
}

function footOf(template: ManagedTemplate): string {
  const newest = newestVersion(template);
  const { length } = versionsOf(template);
  return newest === undefined ? text.versions(length) : `${text.versions(length)} · ${text.newest(newest)}`;
}

function TemplateCard({
  value,
  title,
  description,
  foot,
  isDefault = false,
}: {
  value: string;
  title: string;
  description?: string | undefined;
  foot?: string;
  isDefault?: boolean;
}) {
  return (
    <Radio.Card value={value} className={classes['card']} aria-label={title}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Radio.Indicator mt={2} />
        <div style={{ minWidth: 0 }}>
          <Group gap={6}>
            <Text fw={500} style={{ overflowWrap: 'anywhere' }}>
              {title}
            </Text>
            {isDefault && (
              <Badge size="sm" variant="default" tt="none">
                {text.byDefault}
              </Badge>
            )}
          </Group>
          {description !== undefined && description !== '' && (
            <Text size="sm" c="dimmed" lineClamp={3} title={description}>
              {description}
            </Text>
          )}
          {foot !== undefined && (
            <Text size="xs" c="dimmed" mt={2}>
              {foot}
            </Text>
          )}
        </div>
      </Group>
    </Radio.Card>
  );
}

function VersionSelect({
  draft,
  change,
  template,
}: Pick<SectionProps, 'draft' | 'change'> & { template: ManagedTemplate }) {
  const versions = versionsOf(template);
  if (versions.length === 0) return null;
  const newest = newestVersion(template);
  const chosen = draft.spec.templateRef?.version;
  const known = [
    ...versions.map((version) => ({
      value: version,
      label: version === newest ? text.newestVersion(version) : version,
    })),
    ...patternsOf(template).map((pattern) => ({ value: pattern, label: text.follow(pattern) })),
  ];
  const isKnown = chosen === undefined || known.some(({ value }) => value === chosen);
  return (
    <Select
      label={text.version}
      description={text.versionHint}
      data={isKnown ? known : [...known, { value: chosen, label: chosen }]}
      value={chosen ?? null}
      onChange={(version) => change(withTemplate(draft, template, version ?? undefined))}
      allowDeselect={false}
      maw={420}
    />
  );
}
