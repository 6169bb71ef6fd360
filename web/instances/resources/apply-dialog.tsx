import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { usePageSearch } from '../../components/page-search.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { LoadingRows } from '../../components/page-states.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import type { TenantApi } from '../../server/tenant-api.ts';
import { discoveryQuery } from '../../server/tenant-discovery.ts';
import { commonText } from '../../text/common.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { type Applied, applyAll } from './apply-objects.ts';
import { kubectlCommand } from './kubectl-command.ts';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));

/** Applies objects that somebody writes or pastes. All are checked first; nothing is applied if one of them is refused. */
export function ApplyDialog({ api, onClose }: { api: TenantApi; onClose: () => void }) {
  useReturnFocus();
  const [search] = usePageSearch();
  const namespace = api.onlyNamespace ?? search.namespace ?? 'default';
  const [yaml, setYaml] = useState('');
  const [force, setForce] = useState(false);
  const queryClient = useQueryClient();
  const discovery = useQuery(discoveryQuery(api));
  const applying = useMutation({
    // There may be Secrets in it: it is kept no longer than it is shown.
    gcTime: 0,
    mutationFn: async ({ isCheck }: { isCheck: boolean }) => {
      const { objectsIn } = await import('./kubernetes-yaml.ts');
      const objects = objectsIn(yaml);
      if (objects.length === 0) throw new Error(text.applyNothing);
      const types = discovery.data ?? (await queryClient.fetchQuery(discoveryQuery(api)));
      const options = { types, namespace, force };
      const checked = await applyAll(api, objects, { ...options, dryRun: true });
      if (isCheck || checked.some(({ state }) => state === 'failed'))
        return { results: checked, isDone: false };
      return { results: await applyAll(api, objects, { ...options, dryRun: false }), isDone: true };
    },
    onSuccess: ({ isDone }) => {
      if (isDone) queryClient.invalidateQueries({ queryKey: api.key }).catch(() => undefined);
    },
  });
  const edit = (value: string) => {
    applying.reset();
    setYaml(value);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={text.applyTitle}
      size="xl"
      closeButtonProps={{ 'aria-label': commonText.close }}
    >
      <Stack gap="sm">
        <Text size="sm">
          {text.applyHint} {text.applyInto(namespace)}
        </Text>
        <Suspense fallback={<LoadingRows rows={8} />}>
          <YamlEditor
            value={yaml}
            {...(applying.isPending ? {} : { onChange: (value: string) => value !== yaml && edit(value) })}
            label={text.applyText}
            height="40vh"
          />
        </Suspense>
        <Checkbox
          label={text.applyForce}
          checked={force}
          disabled={applying.isPending}
          onChange={({ currentTarget }) => {
            applying.reset();
            setForce(currentTarget.checked);
          }}
        />
        {applying.error !== null && (
          <Alert color="red" role="alert">
            {applying.error.message}
          </Alert>
        )}
        {applying.data !== undefined && <Results {...applying.data} />}
        <CommandBox
          command={kubectlCommand(
            api.target,
            ...['apply', '--server-side', '--namespace', namespace],
            ...(force ? ['--force-conflicts'] : []),
            ...['--filename', 'objects.yaml'],
          )}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="subtle" color="gray" onClick={onClose}>
            {commonText.close}
          </Button>
          <Button
            variant="default"
            disabled={yaml.trim() === ''}
            loading={applying.isPending && applying.variables.isCheck}
            onClick={() => applying.mutate({ isCheck: true })}
          >
            {text.check}
          </Button>
          <Button
            disabled={yaml.trim() === ''}
            loading={applying.isPending && !applying.variables.isCheck}
            onClick={() => applying.mutate({ isCheck: false })}
          >
            {text.save}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Results({ results, isDone }: { results: readonly Applied[]; isDone: boolean }) {
  return (
    <div role="status">
      <Text size="sm" fw={500} mb={4}>
        {text.applyResults}
      </Text>
      <List listStyleType="none" spacing={4} size="sm">
        {results.map((one, index) => (
          <List.Item key={index} style={{ overflowWrap: 'anywhere' }}>
            {one.name}: <Result {...one} isDone={isDone} />
          </List.Item>
        ))}
      </List>
    </div>
  );
}

function Result({ state, message, isDone }: Applied & { isDone: boolean }) {
  if (state === 'failed') return <StateBadge mark="failed">{message}</StateBadge>;
  if (state === 'unknown') return <StateBadge mark="waiting">{message}</StateBadge>;
  return <StateBadge mark="done">{(isDone ? text.was : text.wouldBe)[state]}</StateBadge>;
}
