import { Checkbox, MultiSelect, Radio, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AccessKey, AccessKeySpec } from '../../../contracts/resources/access-key.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { shellWord } from '../../components/shell-word.ts';
import { createOwnedKey } from '../../server/access-keys.ts';
import { projectsQuery } from '../../server/projects.ts';
import { rest } from '../../server/rest.ts';
import { accessKeysText as text } from '../../text/access-keys.ts';
import { commonText } from '../../text/common.ts';

const isName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const isTenantCluster = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

interface Draft {
  readonly name: string;
  readonly displayName: string;
  readonly ttl: string;
  readonly isSliding: boolean;
  readonly isScoped: boolean;
  readonly projects: string[];
  readonly tenantClusters: string[];
}
const empty: Draft = {
  name: '',
  displayName: '',
  ttl: '7776000',
  isSliding: false,
  isScoped: false,
  projects: [],
  tenantClusters: [],
};

/** Makes an access key of the caller's own. */
export function CreateDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (made: AccessKey) => void;
}) {
  const [draft, setDraft] = useState(empty);
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const { name, displayName, ttl, isSliding } = draft;
  const isNamed = isName.test(name);
  return (
    <FormDialog
      title={text.create}
      onClose={onClose}
      submit={commonText.create}
      act={() => createOwnedKey(name, specOf(draft))}
      onDone={onMade}
      isReady={isNamed && scopeFault(draft) === undefined}
      command={commandOf(draft)}
      size="lg"
    >
      {(errorOf) => (
        <>
          <TextInput
            label={text.name}
            description={text.nameWhy}
            value={name}
            onChange={({ currentTarget }) => change({ name: currentTarget.value })}
            error={(name !== '' && !isNamed && text.nameWrong) || errorOf('metadata.name')}
            autoComplete="off"
            spellCheck={false}
            required
            data-autofocus
          />
          <TextInput
            label={text.displayName}
            value={displayName}
            onChange={({ currentTarget }) => change({ displayName: currentTarget.value })}
          />
          <Select
            label={text.expiry}
            value={ttl}
            onChange={(value) => change({ ttl: value ?? '0' })}
            data={text.expiries.map(({ value, label }) => ({ value, label }))}
            allowDeselect={false}
            {...(ttl === '0' ? { description: text.endless } : {})}
          />
          {ttl !== '0' && (
            <Checkbox
              label={text.sliding}
              checked={isSliding}
              onChange={({ currentTarget }) => change({ isSliding: currentTarget.checked })}
            />
          )}
          <ScopeFields draft={draft} change={change} />
        </>
      )}
    </FormDialog>
  );
}

function ScopeFields({ draft, change }: { draft: Draft; change: (changes: Partial<Draft>) => void }) {
  const { isScoped, projects, tenantClusters } = draft;
  const { data: allProjects = [] } = useQuery(projectsQuery);
  const { data: allTenants = [] } = useQuery({
    // Not among `rows`: those are pages, which the event stream changes.
    queryKey: ['tenant-names'],
    enabled: isScoped,
    queryFn: async () => (await rest.of('tenant').list({ query: { limit: '500' } })).items.map(fullName),
  });
  const fault = scopeFault(draft);
  return (
    <>
      <Radio.Group
        label={text.scope}
        value={isScoped ? 'some' : 'all'}
        onChange={(value) => change({ isScoped: value === 'some' })}
      >
        <Stack gap={6} mt={4}>
          <Radio value="all" label={text.scopeAll} />
          <Radio value="some" label={text.scopeSome} />
        </Stack>
      </Radio.Group>
      {isScoped && (
        <>
          <MultiSelect
            label={text.scopeProjects}
            value={projects}
            onChange={(value) => change({ projects: value })}
            data={allProjects.map(({ name }) => name)}
            searchable
          />
          <TagsInput
            label={text.scopeTenantClusters}
            description={text.scopeTenantClusterHint}
            value={tenantClusters}
            onChange={(value) => change({ tenantClusters: value })}
            data={allTenants}
            limit={30}
            error={fault === text.scopeWrong && fault}
          />
          {fault === text.scopeMissing && (
            <Text size="sm" c="dimmed">
              {fault}
            </Text>
          )}
        </>
      )}
    </>
  );
}

function fullName({ project, name }: { project: string; name: string }): string {
  return `${project}/${name}`;
}

/** Why the scope cannot be as it is. */
function scopeFault({ isScoped, projects, tenantClusters }: Draft): string | undefined {
  if (!isScoped) return undefined;
  if (!tenantClusters.every((one) => isTenantCluster.test(one))) return text.scopeWrong;
  return projects.length + tenantClusters.length === 0 ? text.scopeMissing : undefined;
}

function specOf({ displayName, ttl, isSliding, isScoped, projects, tenantClusters }: Draft): AccessKeySpec {
  return {
    ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }),
    ...(ttl === '0' ? {} : { ttl: Number(ttl), ...(isSliding ? { ttlAfterLastActivity: true } : {}) }),
    ...(isScoped
      ? {
          scope: {
            projects: projects.map((project) => ({ project })),
            virtualClusters: tenantClusters.map((one) => {
              const [project = '', virtualCluster = ''] = one.split('/');
              return { project, virtualCluster };
            }),
          },
        }
      : {}),
  };
}

function commandOf({ name, displayName, ttl, isSliding, isScoped, projects, tenantClusters }: Draft): string {
  const flag = text.expiries.find(({ value }) => value === ttl)?.flag;
  return [
    `vcp access-key create ${isName.test(name) ? name : 'NAME'}`,
    ...(displayName.trim() === '' ? [] : [`--display-name ${shellWord(displayName.trim())}`]),
    ...(flag === undefined ? [] : [`--expire-after ${flag}`, ...(isSliding ? ['--sliding'] : [])]),
    ...(isScoped ? projects.map((project) => `--scope-project ${project}`) : []),
    ...(isScoped ? tenantClusters.map((one) => `--scope-vcluster ${shellWord(one)}`) : []),
  ].join(' ');
}
