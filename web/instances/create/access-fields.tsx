import { ActionIcon, Autocomplete, Button, Fieldset, Group, TagsInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { spaceAdminRole } from '../../../contracts/names.ts';
import type { InstanceAccessRule } from '../../../contracts/resources/access.ts';
import { projectMembersQuery } from '../../server/project-subresources.ts';
import { createText as text } from '../../text/create.ts';
import { unlessEmpty, withSpec } from './draft.ts';
import { FormSection, type SectionProps } from './form-section.tsx';

/** The first is what `vcp share` gives. */
const roles: Readonly<Record<ManagedKind, readonly [string, ...string[]]>> = {
  tenant: ['cluster-admin', 'admin', 'edit', 'view'],
  space: [spaceAdminRole, 'admin', 'edit', 'view'],
};

/** Who else may use it. */
export function AccessFields({ kind, project, draft, change }: SectionProps) {
  const { data: members } = useQuery(projectMembersQuery(project));
  const rules = draft.spec.extraAccessRules ?? [];
  const set = (extraAccessRules: InstanceAccessRule[]) => change(withSpec(draft, { extraAccessRules }));
  return (
    <FormSection title={text.access} why={text.accessWhy[kind]}>
      {rules.map((rule, index) => (
        <RuleFields
          key={index}
          number={index + 1}
          rule={rule}
          roles={roles[kind]}
          users={members?.users.map(({ name }) => name) ?? []}
          teams={members?.teams.map(({ name }) => name) ?? []}
          onChange={(next) => set(rules.map((one, at) => (at === index ? (unlessEmpty(next) ?? {}) : one)))}
          onRemove={() => set(rules.filter((_one, at) => at !== index))}
        />
      ))}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => set([...rules, { clusterRole: roles[kind][0] }])}
        >
          {text.addRule}
        </Button>
      </Group>
    </FormSection>
  );
}

function RuleFields({
  number,
  rule,
  roles: known,
  users,
  teams,
  onChange,
  onRemove,
}: {
  number: number;
  rule: InstanceAccessRule;
  roles: readonly string[];
  users: readonly string[];
  teams: readonly string[];
  onChange: (rule: InstanceAccessRule) => void;
  onRemove: () => void;
}) {
  return (
    <Fieldset legend={text.rule(number)} p="sm" pos="relative">
      <Group align="flex-start" gap="sm">
        <TagsInput
          label={text.ruleUsers}
          placeholder={rule.users?.length ? undefined : text.typeNames}
          data={users}
          value={rule.users ?? []}
          onChange={(value) => onChange({ ...rule, users: value })}
          acceptValueOnBlur
          style={{ flex: '1 1 160px' }}
        />
        <TagsInput
          label={text.ruleTeams}
          placeholder={rule.teams?.length ? undefined : text.typeNames}
          data={teams}
          value={rule.teams ?? []}
          onChange={(value) => onChange({ ...rule, teams: value })}
          acceptValueOnBlur
          style={{ flex: '1 1 160px' }}
        />
        <Autocomplete
          label={text.ruleRole}
          data={known}
          value={rule.clusterRole ?? ''}
          onChange={(clusterRole) => onChange({ ...rule, clusterRole })}
          style={{ flex: '1 1 160px' }}
        />
        <ActionIcon
          variant="subtle"
          color="gray"
          mt={28}
          onClick={onRemove}
          aria-label={text.removeRule(number)}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
    </Fieldset>
  );
}
