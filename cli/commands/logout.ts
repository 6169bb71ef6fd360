import { rmSync } from 'node:fs';
import { Command } from 'commander';
import { createClient } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { loginPath, readLogin } from '../login-file.ts';

/** `vcp logout`: ends the key that a login by password gave, and what was made with it, and forgets it here. */
export function logoutCommand(): Command {
  return new Command('logout')
    .description('Log out: kubeconfigs created with this login stop working, access keys with a name stay')
    .action(async () => {
      const login = readLogin();
      const client = createClient(login);
      try {
        await client.call('POST', '/auth/logout');
      } catch (error) {
        // A key that is over already needs no end.
        if (!(error instanceof CommandFailure) || error.code !== 'unauthenticated') throw error;
      } finally {
        await client.close();
      }
      rmSync(loginPath(), { force: true });
      console.log(`logged out of ${login.url}`);
    });
}
