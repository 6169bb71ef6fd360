import { Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { RouterContextProvider, useRouter } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Operation } from '../../../contracts/operations.ts';
import { actionText, manyText } from '../../text/instances.ts';
import { PageLink } from '../../components/links.tsx';
import type { InstanceAction } from './instance-action.ts';

const shownMs = 10_000;

/** How to tell, at the edge of the page, what became of a request. */
export function useActionNotifications() {
  // Notifications are outside of the router; links in them need it.
  const router = useRouter();
  return useMemo(() => notificationsWith(router), [router]);
}

function notificationsWith(router: ReturnType<typeof useRouter>) {
  function accepted(action: InstanceAction, name: string, { id, joined = false }: Operation): void {
    const hide = () => notifications.hide(id);
    notifications.show({
      id,
      title: actionText.accepted[action](name),
      autoClose: shownMs,
      message: (
        <RouterContextProvider router={router}>
          <Stack gap={0}>
            {joined && <Text size="sm">{actionText.joined}</Text>}
            <PageLink to="/operations/$id" params={{ id }} onClick={hide} size="sm">
              {actionText.follow}
            </PageLink>
          </Stack>
        </RouterContextProvider>
      ),
    });
  }

  function allAccepted(count: number, type: string): void {
    const id = `many-${type}`;
    const hide = () => notifications.hide(id);
    notifications.show({
      id,
      title: manyText.accepted(count),
      autoClose: shownMs,
      message: (
        <RouterContextProvider router={router}>
          <PageLink to="/operations" search={{ type }} onClick={hide} size="sm">
            {manyText.showThem}
          </PageLink>
        </RouterContextProvider>
      ),
    });
  }

  function refused(action: InstanceAction, name: string, error: Error): void {
    notifications.show({
      color: 'red',
      title: actionText.refused[action](name),
      message: error.message,
      autoClose: false,
    });
  }

  return { accepted, allAccepted, refused };
}
