import { useQuery } from '@tanstack/react-query';
import { administratorQuery } from '../server/permissions.ts';

/** Whether the caller administers the platform; false until that is known. */
export function useIsAdministrator(): boolean {
  return useQuery(administratorQuery).data === true;
}
