import {
  MultiSelect,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { kindNames } from '../../../contracts/kinds.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { patchCommand } from '../../components/kubectl-commands.ts';
import { patchObject } from '../../server/management.ts';
import { objectQuery, objectsQuery } from '../../server/objects.ts';
import { commonText } from '../../text/common.ts';
import { formsText } from '../../text/forms.ts';
import { projectsText } from '../../text/projects.ts';
import { type Allowance, allowedClusters, allowedTemplates, clusterList, templateList } from './allowed.ts';

const text = projectsText.edit;

/** Changes what a project is called, and what may be used in it. */
export function EditDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const { metadata, spec = {} } = project;
  const { name, resourceVersion } = metadata;
  const queryClient = useQueryClient();
  const [displayName, setDisplayName] = useState(spec.displayName ?? '');
  const [description, setDescription] = useState(spec.description ?? '');
  const [clusters, setClusters] = useState(() => allowedClusters(spec));
  const [ofTenants, setOfTenants] = useState(() => allowedTemplates('tenant', spec));
  const [ofSpaces, setOfSpaces] = useState(() => allowedTemplates('space', spec));
  const [isInline, setIsInline] = useState(spec.requireTemplate?.disabled === true);
  const patch = {
    spec: {
      displayName: displayName.trim() || null,
      description: description.trim() || null,
      allowedClusters: clusterList(clusters),
      allowedTemplates: templateList({ tenant: ofTenants, space: ofSpaces }, spec),
      requireTemplate: { disabled: isInline },
    },
  };
  return (
    <FormDialog
      title={text.title(name)}
      onClose={onClose}
      submit={commonText.save}
      act={() => patchObject('projects', { name }, { metadata: { resourceVersion }, ...patch })}
      onDone={(changed) => queryClient.setQueryData(objectQuery('projects', { name }).queryKey, changed)}
      command={patchCommand('projects', name, patch)}
      commandTitle={formsText.withKubectl}
      size="lg"
    >
      {(errorOf) => (
        <>
          <TextInput
            label={projectsText.displayName}
            value={displayName}
            onChange={({ currentTarget }) => setDisplayName(currentTarget.value)}
            error={errorOf('spec.displayName')}
            data-autofocus
          />
          <Textarea
            label={projectsText.description}
            value={description}
            onChange={({ currentTarget }) => setDescription(currentTarget.value)}
            error={errorOf('spec.description')}
            autosize
            minRows={2}
          />
          <AllowanceField
            label={projectsText.clusters}
            plural="clusters"
            value={clusters}
            onChange={setClusters}
          />
          <AllowanceField
            label={projectsText.templatesOf.tenant}
            plural={kindNames.tenant.templates.plural}
            value={ofTenants}
            onChange={setOfTenants}
            hasDefault
          />
          <AllowanceField
            label={projectsText.templatesOf.space}
            plural={kindNames.space.templates.plural}
            value={ofSpaces}
            onChange={setOfSpaces}
            hasDefault
          />
          <Switch
            label={text.inline}
            checked={isInline}
            onChange={({ currentTarget }) => setIsInline(currentTarget.checked)}
          />
        </>
      )}
    </FormDialog>
  );
}

/** All that there are, or a choice of them. */
function AllowanceField({
  label,
  plural,
  value,
  onChange,
  hasDefault = false,
}: {
  label: string;
  plural: 'clusters' | 'virtualclustertemplates' | 'spacetemplates';
  value: Allowance;
  onChange: (value: Allowance) => void;
  hasDefault?: boolean;
}) {
  const id = useId();
  const { data = [] } = useQuery(objectsQuery(plural));
  const { only, byDefault } = value;
  const known: string[] = data.map(({ metadata }) => metadata.name);
  const names = [...new Set([...known, ...(only ?? []), ...(byDefault ? [byDefault] : [])])].toSorted();
  return (
    <Stack gap={6} role="group" aria-labelledby={id}>
      <Text size="sm" fw={600} id={id}>
        {label}
      </Text>
      <SegmentedControl
        aria-labelledby={id}
        value={only === undefined ? 'all' : 'only'}
        onChange={(way) =>
          onChange(
            way === 'all'
              ? { byDefault, only: undefined }
              : { byDefault, only: byDefault ? [byDefault] : [] },
          )
        }
        data={[
          { value: 'all', label: text.all },
          { value: 'only', label: text.only },
        ]}
        size="xs"
        style={{ alignSelf: 'flex-start' }}
      />
      {only !== undefined && (
        <MultiSelect
          aria-label={`${label}: ${text.which}`}
          value={[...only]}
          onChange={(chosen) =>
            onChange({
              only: chosen,
              byDefault: byDefault && chosen.includes(byDefault) ? byDefault : undefined,
            })
          }
          data={names}
          searchable
          placeholder={only.length === 0 ? projectsText.noneAllowed : ''}
        />
      )}
      {hasDefault && (
        <Select
          label={text.byDefault}
          value={byDefault ?? null}
          onChange={(chosen) => onChange({ only, byDefault: chosen ?? undefined })}
          data={[...(only ?? names)]}
          placeholder={text.noDefault}
          clearable
          searchable
        />
      )}
    </Stack>
  );
}
