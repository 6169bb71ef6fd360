import { Textarea, TextInput } from '@mantine/core';
import { createText as text } from '../../text/create.ts';
import { withSpec } from './draft.ts';
import { FormSection, type SectionProps } from './form-section.tsx';

/** What it is called. */
export function NamingFields({ draft, change, faults }: SectionProps) {
  return (
    <FormSection title={text.naming}>
      <TextInput
        label={text.name}
        description={text.nameHint}
        value={draft.metadata.name}
        onChange={({ currentTarget: { value } }) =>
          change({ ...draft, metadata: { ...draft.metadata, name: value.trim() } })
        }
        error={faults.name}
        autoComplete="off"
        spellCheck={false}
        withAsterisk
        maw={420}
      />
      <TextInput
        label={text.displayName}
        description={text.displayNameHint}
        value={draft.spec.displayName ?? ''}
        onChange={({ currentTarget: { value } }) => change(withSpec(draft, { displayName: value }))}
        autoComplete="off"
        maw={420}
      />
      <Textarea
        label={text.description}
        value={draft.spec.description ?? ''}
        onChange={({ currentTarget: { value } }) => change(withSpec(draft, { description: value }))}
        autosize
        minRows={1}
        maxRows={6}
      />
    </FormSection>
  );
}
