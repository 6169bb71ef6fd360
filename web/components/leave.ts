import { notifications } from '@mantine/notifications';
import { signOut } from '../server/session.ts';

/** Ends the session and leads to the login; says so if it goes on. */
export function leave(): void {
  signOut().then(
    () => location.assign('/console/'),
    (error: unknown) =>
      notifications.show({
        color: 'red',
        message: error instanceof Error ? error.message : String(error),
      }),
  );
}
