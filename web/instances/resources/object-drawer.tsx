import { Alert, Drawer, Group, Stack, Tabs, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { lazy, Suspense, useState } from 'react';
import { usePageSearch } from '../../components/page-search.ts';
import { Loaded, LoadingRows } from '../../components/page-states.tsx';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { type AnyObject, type ObjectAt, type ObjectType, typeName } from '../../server/kubernetes-objects.ts';
import { RequestFailure } from '../../server/problem.ts';
import { mayInsideQuery, type TenantApi, tenantObjectQuery } from '../../server/tenant-api.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { DeleteObject } from './delete-object.tsx';
import { pods, secrets } from './kinds.ts';
import { namedObject } from './object-link.tsx';
import { ObjectOverview } from './object-overview.tsx';
import { SecretYamlGuard } from './secret-yaml-guard.tsx';

const ObjectYaml = lazy(() => import('./object-yaml.tsx'));
const PodLogs = lazy(() => import('./pod-logs.tsx'));

/** One object beside its list: what it is, its YAML, its logs. */
export function ObjectDrawer({
  api,
  type,
  object: named,
}: {
  api: TenantApi;
  type: ObjectType;
  object: string;
}) {
  useReturnFocus();
  const [, change] = usePageSearch();
  const queryClient = useQueryClient();
  const at: ObjectAt = { type, ...namedObject(type, named) };
  const query = useQuery(tenantObjectQuery(api, at));
  const isGone = query.error instanceof RequestFailure && query.error.status === 404;
  const close = () => change({ object: undefined, view: undefined });
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="min(900px, 100%)"
      title={
        <Text fw={600} component="span" style={{ overflowWrap: 'anywhere' }}>
          {type.kind} {named}
        </Text>
      }
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Loaded query={query} keepsGone>
        {(object) => (
          <Stack gap="sm">
            <Notes object={object} isGone={isGone} error={query.error} />
            <Views
              api={api}
              at={at}
              object={object}
              onDeleted={() => {
                notifications.show({ message: text.deleted(type.kind, at.name) });
                queryClient
                  .invalidateQueries({ queryKey: [...api.key, 'table', typeName(type)] })
                  .catch(() => undefined);
                close();
              }}
            />
          </Stack>
        )}
      </Loaded>
    </Drawer>
  );
}

function Notes({ object, isGone, error }: { object: AnyObject; isGone: boolean; error: Error | null }) {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  const deleting =
    deletionTimestamp === undefined
      ? undefined
      : finalizers.length === 0
        ? text.beingDeleted
        : text.waitsFor(finalizers.join(', '));
  const note = isGone ? text.gone : (deleting ?? (error === null ? undefined : text.stale(error.message)));
  if (note === undefined) return null;
  return (
    <Alert color="yellow" py="xs" role="status">
      {note}
    </Alert>
  );
}

function Views({
  api,
  at,
  object,
  onDeleted,
}: {
  api: TenantApi;
  at: ObjectAt;
  object: AnyObject;
  onDeleted: () => void;
}) {
  const [search, change] = usePageSearch();
  const isPod = typeName(at.type) === typeName(pods);
  const isSecret = typeName(at.type) === typeName(secrets);
  const mayReadLogs = useQuery({
    ...mayInsideQuery(api, { ...at, verb: 'get', subresource: 'log' }),
    enabled: isPod,
  });
  const mayDelete = useQuery(mayInsideQuery(api, { ...at, verb: 'delete' }));
  const [isRevealed, setRevealed] = useState(false);
  const hasLogs = isPod && mayReadLogs.data !== false;
  const views = ['overview', 'yaml', ...(hasLogs ? ['logs'] : [])];
  const [asked, container] = search.view?.split('/') ?? [];
  const view = views.find((one) => one === asked) ?? 'overview';
  return (
    <Tabs
      value={view}
      onChange={(value) => change({ view: value === 'overview' ? undefined : (value ?? undefined) })}
      keepMounted={false}
    >
      <Group justify="space-between" mb="sm" gap="xs">
        <Tabs.List>
          <Tabs.Tab value="overview">{text.overview}</Tabs.Tab>
          <Tabs.Tab value="yaml">{text.yaml}</Tabs.Tab>
          {hasLogs && <Tabs.Tab value="logs">{text.logs}</Tabs.Tab>}
        </Tabs.List>
        {mayDelete.data === true && object.metadata.deletionTimestamp === undefined && (
          <DeleteObject api={api} at={at} object={object} onDeleted={onDeleted} />
        )}
      </Group>
      <Tabs.Panel value="overview">
        <ObjectOverview api={api} at={at} object={object} />
      </Tabs.Panel>
      <Tabs.Panel value="yaml">
        <Suspense fallback={<LoadingRows rows={10} />}>
          {isSecret && !isRevealed ? (
            <SecretYamlGuard onShow={() => setRevealed(true)} />
          ) : (
            <ObjectYaml api={api} at={at} object={object} />
          )}
        </Suspense>
      </Tabs.Panel>
      <Tabs.Panel value="logs">
        <Suspense fallback={<LoadingRows rows={10} />}>
          <PodLogs
            api={api}
            pod={object}
            container={container}
            onContainer={(name) => change({ view: `logs/${name}` })}
          />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}
