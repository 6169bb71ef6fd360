import type { Command } from 'commander';
import { createClient } from '../connection/client.ts';
import { findLogin, knownPlatforms } from '../connection/login-file.ts';
import { isTable, printDocument } from '../output/output.ts';
import { outputCommand, type OutputOptions } from './options.ts';

/** `vcp version`: of this command, and of the platform that it uses if it uses one. */
export function versionCommand(version: string): Command {
  return outputCommand('version', '')
    .option('--client', 'only the version of vcp')
    .action(async ({ output, client: own }: OutputOptions & { client?: boolean }) => {
      const shown = isTable(output);
      if (shown) console.log(`vcp ${version}`);
      const url = knownPlatforms().find(({ current }) => current)?.url;
      const login = own === true || url === undefined ? undefined : findLogin(url);
      if (login === undefined) {
        if (!shown) printDocument({ client: { version } }, version, output);
        return;
      }
      const client = createClient(login);
      try {
        const platform = await client.call<{ version: string }>('GET', '/version');
        if (shown) console.log(`platform ${platform.version} (${login.url})`);
        else
          printDocument(
            { client: { version }, platform: { url: login.url, version: platform.version } },
            version,
            output,
          );
      } finally {
        await client.close();
      }
    });
}
