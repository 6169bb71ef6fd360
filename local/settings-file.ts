import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { parseConfigFile } from '../adapters/config-file.ts';
import { ControllersConfig, GatewayConfig, WorkerConfig } from '../contracts/config.ts';
import { PlatformError } from '../contracts/errors.ts';

/**
 * What `npm start -- --config FILE` sets: settings of the gateway by their names in its own configuration, and below
 * `worker` and `controllers` those of these. Whatever the start makes itself (databases, certificates, addresses) is not among them.
 */
const Settings = Type.Object({
  ...Type.Partial(
    Type.Pick(GatewayConfig, [
      'logLevel',
      'tracing',
      'publicUrl',
      'streams',
      'held',
      'activity',
      'connections',
      'auth',
      'trustedProxies',
      'audit',
      'metrics',
    ]),
  ).properties,
  worker: Type.Optional(
    Type.Partial(Type.Pick(WorkerConfig, ['logLevel', 'chartsCaFile', 'goneSnapshotDays', 'wakesAtOnce'])),
  ),
  controllers: Type.Optional(
    Type.Partial(Type.Pick(ControllersConfig, ['logLevel', 'retry', 'deletionWarningSeconds', 'metrics'])),
  ),
});
export type Settings = Static<typeof Settings>;

/**
 * Reads the file. Files that it names are relative to its own folder.
 * @throws PlatformError `invalid_request`: one line with the setting that is unknown or bad, without its value
 */
export function readSettings(path: string): Settings {
  const file = resolve(path);
  const { auth, audit, worker, tracing, ...settings } = parseConfigFile(Settings, file);
  const refuse = (reason: string) =>
    new PlatformError('invalid_request', `the configuration file ${file} is not valid: ${reason}`);
  const at = (name: string) => resolve(dirname(file), name);
  const existing = (field: string, name: string): string => {
    if (!existsSync(at(name))) throw refuse(`${field}: file ${at(name)} not found`);
    return at(name);
  };
  const { publicUrl } = settings;
  if (publicUrl !== undefined && (!URL.canParse(publicUrl) || new URL(publicUrl).protocol !== 'https:'))
    throw refuse('/publicUrl is not an https URL');
  const { oidc } = auth ?? {};
  const secret = oidc?.clientSecretFile;
  return {
    ...settings,
    ...(tracing && {
      tracing: withFile(tracing, 'headersFile', (name) => existing('/tracing/headersFile', name)),
    }),
    ...(auth && {
      auth:
        oidc === undefined || secret === undefined
          ? auth
          : { ...auth, oidc: { ...oidc, clientSecretFile: existing('/auth/oidc/clientSecretFile', secret) } },
    }),
    ...(audit && { audit: audit.file === undefined ? audit : { ...audit, file: at(audit.file) } }),
    ...(worker && {
      worker: withFile(worker, 'chartsCaFile', (name) => existing('/worker/chartsCaFile', name)),
    }),
  };
}

/** `settings` with the path of the file that they name under `key`, if they do. */
function withFile<K extends string, S extends { readonly [key in K]?: string | undefined }>(
  settings: S,
  key: K,
  pathOf: (name: string) => string,
): S {
  const name = settings[key];
  return name === undefined ? settings : { ...settings, [key]: pathOf(name) };
}
