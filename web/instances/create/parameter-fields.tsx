import { Alert, Stack, Text, Title } from '@mantine/core';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { createText as text } from '../../text/create.ts';
import { withSpec } from './draft.ts';
import { FormSection, type SectionProps } from './form-section.tsx';
import { ParameterField } from './parameter-field.tsx';
import { readParameters, withParameter } from './parameter-values.ts';
import type { TemplateChoice } from './template-selection.ts';

/** What the template lets its users choose, in the sections that it has. */
export function ParameterFields({
  draft,
  change,
  faults,
  choice: { template, parameters },
}: SectionProps & { choice: TemplateChoice }) {
  if (template === undefined) return null;
  const source = draft.spec.parameters ?? '';
  const read = readParameters(source, parameters);
  const values = 'fault' in read ? undefined : read.values;
  return (
    <FormSection title={text.parameters}>
      {parameters.length === 0 && (
        <Text size="sm" c="dimmed">
          {text.noParameters}
        </Text>
      )}
      {'fault' in read && <Alert color="yellow">{text.parametersUnreadable(read.fault)}</Alert>}
      {inSections(parameters).map(([section, ofSection]) => (
        <Stack key={section} gap="sm" mt={section === '' ? 0 : 'xs'}>
          {section !== '' && <Title order={3}>{section}</Title>}
          {ofSection.map((parameter) => (
            <ParameterField
              key={parameter.variable}
              parameter={parameter}
              value={values?.get(parameter.variable) ?? ''}
              fault={faults[`parameter:${parameter.variable}`]}
              onChange={(value) =>
                change(withSpec(draft, { parameters: withParameter(source, parameter, value) }))
              }
            />
          ))}
        </Stack>
      ))}
    </FormSection>
  );
}

/** Parameters by their section, in the order in which the template has them first; those without one come first. */
function inSections(parameters: readonly AppParameter[]): [string, AppParameter[]][] {
  const sections = new Map<string, AppParameter[]>([['', []]]);
  for (const parameter of parameters) {
    const { section = '' } = parameter;
    sections.set(section, [...(sections.get(section) ?? []), parameter]);
  }
  return [...sections].filter(([, ofSection]) => ofSection.length > 0);
}
