import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { selfQuery } from '../../server/permissions.ts';
import {
  type MemberInfo,
  projectClustersQuery,
  projectMembersQuery,
} from '../../server/project-subresources.ts';
import { createText as text } from '../../text/create.ts';
import { unlessEmpty, withSpec } from './draft.ts';
import { FormSection, type SectionProps } from './form-section.tsx';

/** Where it goes, and whose it is. */
export function PlacementFields({
  project,
  draft,
  change,
  faults,
  template,
}: SectionProps & { template: ManagedTemplate | undefined }) {
  const { data: clusters = [] } = useQuery(projectClustersQuery(project));
  const fixed = template?.spec?.clusterRef?.cluster;
  const chosen = draft.spec.clusterRef?.cluster ?? '';
  const offered = fixed ? clusters.filter(({ metadata }) => metadata.name === fixed) : clusters;
  const isKnown = chosen === '' || offered.some(({ metadata }) => metadata.name === chosen);
  return (
    <FormSection title={text.placement}>
      <Select
        label={text.cluster}
        description={fixed ? text.clusterOfTemplate(fixed) : text.clusterHint}
        data={[
          { value: '', label: text.chosenByPlatform },
          ...offered.map((cluster) => ({ value: cluster.metadata.name, label: labelOf(cluster) })),
          ...(isKnown ? [] : [{ value: chosen, label: chosen }]),
        ]}
        value={chosen}
        onChange={(cluster) =>
          change(
            withSpec(draft, {
              clusterRef: unlessEmpty({ ...draft.spec.clusterRef, cluster: cluster ?? '' }),
            }),
          )
        }
        error={faults.cluster}
        allowDeselect={false}
        maw={420}
      />
      <OwnerSelect project={project} draft={draft} change={change} fault={faults.owner} />
    </FormSection>
  );
}

function labelOf({ metadata, spec, status = {} }: Cluster): string {
  const { tenants = 0 } = status;
  const marks = [
    ...(status.kubernetesVersion === undefined ? [] : [`Kubernetes ${status.kubernetesVersion}`]),
    ...(status.online === false ? [text.offline] : []),
    ...(spec.unusable === true ? [text.takesNoMore] : []),
    ...(spec.maxInstances !== undefined && tenants >= spec.maxInstances ? [text.full] : []),
  ];
  const name = spec.displayName ? `${spec.displayName} (${metadata.name})` : metadata.name;
  return [name, ...marks].join(' · ');
}

/** The caller unless they choose somebody else: one of their teams, or somebody of the project. */
function OwnerSelect({
  project,
  draft,
  change,
  fault,
}: Pick<SectionProps, 'project' | 'draft' | 'change'> & { fault: string | undefined }) {
  const { data: self } = useQuery(selfQuery);
  const { data: members } = useQuery(projectMembersQuery(project));
  const { user, team } = draft.spec.owner ?? {};
  const value = user ? `user/${user}` : team ? `team/${team}` : '';
  const teams = unique([...(self?.user?.teams ?? []), ...(members?.teams ?? [])]);
  const users = unique(members?.users ?? []).filter(({ name }) => name !== self?.user?.name);
  const data = [
    { group: text.you, items: [{ value: '', label: text.me }] },
    { group: text.teams, items: teams.map((one) => ({ value: `team/${one.name}`, label: nameOf(one) })) },
    { group: text.users, items: users.map((one) => ({ value: `user/${one.name}`, label: nameOf(one) })) },
  ].filter(({ items }) => items.length > 0);
  const isKnown = data.some(({ items }) => items.some((item) => item.value === value));
  const other = { group: text.owner, items: [{ value, label: value.replace('/', ' ') }] };
  return (
    <Select
      label={text.owner}
      description={text.ownerHint}
      data={isKnown ? data : [...data, other]}
      value={value}
      onChange={(chosen) => {
        const [kind = '', name = ''] = (chosen ?? '').split('/');
        change(withSpec(draft, { owner: name === '' ? undefined : { [kind]: name } }));
      }}
      error={fault}
      searchable
      allowDeselect={false}
      maw={420}
    />
  );
}

function unique(infos: readonly MemberInfo[]): MemberInfo[] {
  return [...new Map(infos.map((info) => [info.name, info])).values()];
}

function nameOf({ name, displayName }: MemberInfo): string {
  return displayName && displayName !== name ? `${displayName} (${name})` : name;
}
