import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { cspNonce } from '../components/csp-nonce.ts';
import { queryClient } from './query-client.ts';
import { router } from './router.tsx';
import { SessionEnd } from './session-end.tsx';
import { theme } from './theme.ts';

/** The whole console. */
export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={cspNonce}>
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
        <SessionEnd />
      </QueryClientProvider>
    </MantineProvider>
  );
}
