import { Command } from 'commander';
import { CommandFailure } from '../failures/failure.ts';
import { knownPlatforms, loginPath, useLogin } from '../connection/login-file.ts';
import { isTable, type Listing, printDocument, printList } from '../output/output.ts';
import { outputCommand, type OutputOptions, platformUrl } from './options.ts';

/** A platform of the login file, without its key. */
interface Platform {
  readonly url: string;
  readonly current: boolean;
  readonly loggedIn: boolean;
  readonly certificates: 'verified' | 'verified with its own CA' | 'not verified';
}

const listing: Listing<Platform> = {
  columns: [
    ['CURRENT', ({ current }) => (current ? '*' : '')],
    ['PLATFORM', ({ url }) => url],
    ['LOGGED IN', ({ loggedIn }) => (loggedIn ? 'yes' : 'no')],
    ['CERTIFICATES', ({ certificates }) => certificates],
  ],
  name: ({ url }) => url,
};

/** `vcp config` */
export function configCommand(): Command {
  return new Command('config')
    .addCommand(
      outputCommand('view', 'Show the platforms that you are logged in to, without keys').action(
        ({ output }: OutputOptions) => {
          const platforms = readPlatforms();
          if (output === 'name' || isTable(output)) printList(platforms, listing, output);
          else printDocument({ file: loginPath(), platforms }, '', output);
        },
      ),
    )
    .addCommand(
      new Command('use')
        .description('Use another platform that you are logged in to; asks none')
        .argument('<url>', 'https://host:port of the platform')
        .action(async (url: string) => {
          const origin = platformUrl(url);
          if (!(await useLogin(origin)))
            throw new CommandFailure('unauthenticated', `you are not logged in to ${origin}`, {
              next: `vcp login ${origin}`,
            });
          console.log(`vcp uses ${origin} now`);
        }),
    );
}

function readPlatforms(): Platform[] {
  return knownPlatforms().map(({ url, accessKey, certificateAuthority, insecure, current }) => ({
    url,
    current,
    loggedIn: accessKey !== undefined,
    certificates:
      insecure === true
        ? 'not verified'
        : certificateAuthority === undefined
          ? 'verified'
          : 'verified with its own CA',
  }));
}
