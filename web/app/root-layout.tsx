import { Alert, AppShell, Burger, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Failure, LoadingRows } from '../components/page-states.tsx';
import { clockTime } from '../components/time.ts';
import { createEventCache } from '../server/event-cache.ts';
import { openEventStream, type Tab } from '../server/event-stream.ts';
import { isRefusal, RequestFailure } from '../server/problem.ts';
import { readSession, signInAddress } from '../server/session.ts';
import { shellText as text } from '../text/shell.ts';
import { setAwaySince, useAwaySince } from './connection.ts';
import { CommandPalette } from './command-palette.tsx';
import { Navigation } from './navigation.tsx';
import { TopBar } from './top-bar.tsx';

/** A page that could not be begun is tried again so often. */
const againMs = 5_000;

/** The frame around all pages, once it is known who looks at it; who is not signed in is led there first. */
export function RootLayout() {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: readSession,
    staleTime: Infinity,
    refetchInterval: ({ state: { data, error } }) =>
      data === undefined && error !== null && !isRefusal(error) ? againMs : false,
  });
  // Once the page is there, it says itself that the session has ended (session-end.tsx).
  const isSignedOut =
    session.data === undefined && session.error instanceof RequestFailure && session.error.status === 401;
  useEffect(() => {
    if (isSignedOut) location.replace(signInAddress(location.pathname + location.search));
  }, [isSignedOut]);
  if (session.data !== undefined) return <Frame />;
  if (session.error !== null && !isSignedOut)
    return <Failure error={session.error} retry={() => void session.refetch()} />;
  return <LoadingRows />;
}

function Frame() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  useEvents();
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="lg"
    >
      <a className="skip-link" href="#content">
        {text.skipToContent}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={isOpen}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={text.openNavigation}
          />
          <Text
            component={Link}
            to="/"
            fw={700}
            c="var(--mantine-color-text)"
            td="none"
            visibleFrom="xs"
            style={{ whiteSpace: 'nowrap' }}
          >
            {text.product}
          </Text>
          <TopBar />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={text.navigation}>
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="content">
        <AwayBanner />
        <Outlet />
      </AppShell.Main>
      <CommandPalette />
    </AppShell>
  );
}

const thisTab: Tab = {
  isHidden: () => document.hidden,
  onChange(listener) {
    document.addEventListener('visibilitychange', listener);
    return () => document.removeEventListener('visibilitychange', listener);
  },
};

/** Follows the event stream as long as the frame is there. */
function useEvents(): void {
  const queryClient = useQueryClient();
  useEffect(
    () => openEventStream({ ...createEventCache(queryClient), connection: setAwaySince }, thisTab),
    [queryClient],
  );
}

function AwayBanner() {
  const awaySince = useAwaySince();
  if (awaySince === undefined) return null;
  return (
    <Alert color="yellow" mb="md" role="status">
      {text.away(clockTime(awaySince))}
    </Alert>
  );
}
