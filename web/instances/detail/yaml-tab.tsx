import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, useMemo, useState } from 'react';
import { stringify } from 'yaml';
import { instanceQuery } from '../../server/instances.ts';
import { yamlText as text } from '../../text/instance-yaml.ts';
import type { InstanceView } from './instance-view.ts';
import { type Draft, draftOf } from './yaml-change.ts';
import { YamlEdit } from './yaml-edit.tsx';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));

/** The resource itself, to read and, for those who may, to change. */
export default function YamlTab({ target, instance }: InstanceView) {
  const [draft, setDraft] = useState<Draft>();
  const queryClient = useQueryClient();
  const shown = useMemo(() => stringify(withoutManagers(instance)), [instance]);
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm" align="flex-start">
        <div>
          <Title order={2}>{text.title}</Title>
          <Text size="sm" c="dimmed">
            {draft === undefined ? text.why : text.editWhy}
          </Text>
        </div>
        {draft === undefined && instance.status?.canUpdate === true && (
          <Button variant="default" onClick={() => setDraft(draftOf(instance))}>
            {text.edit}
          </Button>
        )}
      </Group>
      {draft === undefined ? (
        <YamlEditor value={shown} label={text.resource(target.name)} />
      ) : (
        <YamlEdit
          target={target}
          draft={draft}
          onChange={setDraft}
          onClose={() => setDraft(undefined)}
          onApplied={() => {
            setDraft(undefined);
            notifications.show({ message: text.applied });
            void queryClient.invalidateQueries({ queryKey: instanceQuery(target).queryKey });
          }}
        />
      )}
    </Stack>
  );
}

function withoutManagers(instance: InstanceView['instance']): object {
  const { managedFields: _managed, ...metadata } = instance.metadata as { managedFields?: unknown };
  return { ...instance, metadata };
}
