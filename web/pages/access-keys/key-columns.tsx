import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import type { AccessKey } from '../../../contracts/resources/access-key.ts';
import { Age } from '../../components/age.tsx';
import type { Column } from '../../components/data-table.tsx';
import { changeOwnedKey } from '../../server/access-keys.ts';
import { accessKeysText as text } from '../../text/access-keys.ts';
import { commonText } from '../../text/common.ts';
import { KeyExpiry, scopeWords } from '../../components/access-key-words.tsx';

/** What there is to say of access keys, of any user. */
export const keyColumns: readonly Column<AccessKey>[] = [
  {
    key: 'name',
    title: text.columns.name,
    cell: ({ metadata: { name }, spec: { displayName, disabled } }) => (
      <>
        <Text size="sm" fw={500} miw={170} style={{ overflowWrap: 'anywhere' }}>
          {displayName || name}
          {disabled === true && (
            <Text span size="sm" c="dimmed">
              {' '}
              · {text.disabled}
            </Text>
          )}
        </Text>
        {displayName !== undefined && displayName !== '' && displayName !== name && (
          <Text size="xs" c="dimmed">
            {name}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'kind',
    title: text.columns.kind,
    cell: ({ spec: { type = '', issuedBy } }) => (
      <>
        {text.kinds[type] ?? text.key}
        {issuedBy !== undefined && (
          <Text size="xs" c="dimmed" miw={130}>
            {text.issuedBy}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'scope',
    title: text.columns.scope,
    cell: ({ spec }) => (
      <Text size="sm" miw={130}>
        {scopeWords(spec.scope)}
      </Text>
    ),
  },
  { key: 'expires', title: text.columns.expires, cell: (accessKey) => <KeyExpiry of={accessKey} /> },
  {
    key: 'used',
    title: text.columns.lastUsed,
    cell: ({ status }) =>
      status?.lastActivity === undefined ? text.neverUsed : <Age at={status.lastActivity} />,
  },
  {
    key: 'age',
    title: text.columns.age,
    align: 'right',
    cell: ({ metadata }) => <Age at={metadata.creationTimestamp} />,
  },
];

interface Acting {
  readonly onChanged: () => void;
  readonly onDelete: (name: string) => void;
}

export function actionsColumn(acting: Acting): Column<AccessKey> {
  return {
    key: 'actions',
    title: commonText.actions,
    align: 'right',
    cell: (accessKey) => <KeyActions of={accessKey} {...acting} />,
  };
}

function KeyActions({ of: { metadata, spec }, onChanged, onDelete }: Acting & { of: AccessKey }) {
  const { name } = metadata;
  const isDisabled = spec.disabled === true;
  const toggle = useMutation({
    mutationFn: () => changeOwnedKey(name, { disabled: !isDisabled }),
    onSuccess: onChanged,
    onError: ({ message }) => notifications.show({ color: 'red', message }),
  });
  const action = isDisabled ? text.enable : text.disable;
  return (
    <Group gap={4} justify="flex-end" wrap="nowrap">
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        loading={toggle.isPending}
        onClick={() => toggle.mutate()}
        aria-label={`${action} ${name}`}
      >
        {action}
      </Button>
      <Button
        variant="subtle"
        c="var(--vcp-failed)"
        size="compact-sm"
        onClick={() => onDelete(name)}
        aria-label={`${commonText.delete} ${name}`}
      >
        {commonText.delete}
      </Button>
    </Group>
  );
}
