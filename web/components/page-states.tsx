import { Button, Code, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconPlugConnectedX, IconSearchOff } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { PlatformAway, RequestFailure } from '../server/problem.ts';
import { commonText as text } from '../text/common.ts';
import { usePageTitle } from './page-title.ts';

/** A place where something will be, of about its size. */
export function LoadingRows({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label={text.loading}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={28} />
      ))}
    </Stack>
  );
}

/** Nothing is there: says so, and what one can do next. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <Title order={2} size="h3">
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" maw={480}>
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}

/** Why something cannot be shown, and what one can do about it. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const { icon, title, why } = explained(error);
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center" role="alert">
      {icon}
      <Title order={2} size="h3">
        {title}
      </Title>
      <Text c="dimmed" maw={560} style={{ overflowWrap: 'anywhere' }}>
        {why}
      </Text>
      {error instanceof RequestFailure && error.requestId !== undefined && (
        <Code>{text.requestId(error.requestId)}</Code>
      )}
      {retry !== undefined && (
        <Button variant="default" onClick={retry}>
          {text.tryAgain}
        </Button>
      )}
    </Stack>
  );
}

function explained(error: Error): { icon: ReactNode; title: string; why: string } {
  const size = 32;
  if (error instanceof PlatformAway)
    return { icon: <IconPlugConnectedX size={size} />, title: text.platformAway, why: text.platformAwayWhy };
  if (error instanceof RequestFailure && error.status === 403)
    return {
      icon: <IconLock size={size} />,
      title: text.notAllowed,
      why: `${error.message}. ${text.notAllowedWhy}`,
    };
  if (error instanceof RequestFailure && error.status === 404)
    return {
      icon: <IconSearchOff size={size} />,
      title: text.notFound,
      why: `${error.message}. ${text.notFoundWhy}`,
    };
  return { icon: <IconAlertTriangle size={size} />, title: text.failedToLoad, why: error.message };
}

/**
 * Shows the data of a query, or that it loads, or why it failed. Data that is there stays while it is read again, or cannot be;
 * not if it is gone, or may not be seen any more.
 * @param keepsGone shows the last of that, too: `children` say what became of it
 */
export function Loaded<T>({
  query,
  rows,
  keepsGone = false,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  keepsGone?: boolean;
  children: (data: T) => ReactNode;
}) {
  const { error } = query;
  const isGone = error instanceof RequestFailure && (error.status === 404 || error.status === 403);
  if (query.data !== undefined && (keepsGone || !isGone)) return children(query.data);
  if (error !== null) return <Failure error={error} retry={() => void query.refetch()} />;
  return <LoadingRows {...(rows === undefined ? {} : { rows })} />;
}

/** The head of a page: its title, which is that of the browser's tab too, and what one can do there. */
export function PageHead({
  title,
  besideTitle,
  children,
  back,
}: {
  title: string;
  besideTitle?: ReactNode;
  children?: ReactNode;
  back?: ReactNode;
}) {
  usePageTitle(title);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <Stack gap={2} miw={0}>
        {back}
        <Title order={1} style={{ overflowWrap: 'anywhere' }}>
          {title}
          {besideTitle}
        </Title>
      </Stack>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}
