import { Command } from 'commander';
import { createClient } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { forgetLogin, readLogin, readLoginAt } from '../connection/login-file.ts';
import { platformUrl } from './options.ts';

/** `vcp logout`: ends the key that a login by password gave, and what was made with it, and forgets it here. */
export function logoutCommand(): Command {
  return new Command('logout')
    .argument('[url]', 'https://host:port of the platform; default: the one in use. Logins at others stay')
    .action(async (url: string | undefined) => {
      const login = url === undefined ? readLogin() : readLoginAt(platformUrl(url));
      const client = createClient(login);
      try {
        await client.call('POST', '/auth/logout');
      } catch (error) {
        // A key that is over already needs no end.
        if (!(error instanceof CommandFailure) || error.code !== 'unauthenticated') throw error;
      } finally {
        await client.close();
      }
      await forgetLogin(login.url);
      console.log(`logged out of ${login.url}`);
    });
}
