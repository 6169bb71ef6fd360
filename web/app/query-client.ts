import { QueryClient } from '@tanstack/react-query';
import { isRefusal } from '../server/problem.ts';

/** What was read is shown while it is read again; the event stream says when that is due. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // A refusal stays one; what is away for a moment is asked again.
      retry: (count, error) => !isRefusal(error) && count < 3,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      // Requests to this very origin are worth a try whatever the browser thinks of its network.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
