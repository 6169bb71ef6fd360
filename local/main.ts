/** `npm start`: the embedded platform in the foreground, until SIGINT or SIGTERM. Flags only; of the environment, OpenTelemetry's variables. */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { TemporalTls } from '../contracts/config.ts';
import { errorTable, PlatformError } from '../contracts/errors.ts';
import { compileCacheDir } from './node-program.ts';
import type { Platform, PlatformOptions } from './platform.ts';

const usage = `Usage: npm start -- [flags]
  --state-dir DIR               where all state is kept (default ~/.vcluster-platform)
  --config FILE                 settings of gateway, worker and controllers (JSON; the README lists them), such as single sign-on
  --port N                      port of the platform on 127.0.0.1 (default 9898; 0: any free one)
  --temporal-address HOST:PORT  a Temporal server in place of the embedded one
  --temporal-tls-ca FILE        authorities of that server's certificate (PEM); alone: TLS without a client certificate
  --temporal-tls-cert FILE      our client certificate (PEM); with --temporal-tls-key FILE
  --temporal-tls-server-name N  name in its certificate, if it is not HOST
  --database-url URL            a PostgreSQL database in place of the embedded server
  --kubeconfig FILE             a Kubernetes cluster as connected cluster "local" in place of the embedded one
  --chart FILE|URL              archive (.tgz) of one more chart that templates may name; can be repeated
  --tools-image IMAGE           image of tenant-tools for snapshots of such a chart (default vcluster-platform/tenant-tools:0.1.0)`;

async function readFlags(): Promise<PlatformOptions | undefined> {
  const string = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        'state-dir': string,
        config: string,
        port: string,
        'temporal-address': string,
        'temporal-tls-ca': string,
        'temporal-tls-cert': string,
        'temporal-tls-key': string,
        'temporal-tls-server-name': string,
        'database-url': string,
        kubeconfig: string,
        chart: { type: 'string', multiple: true },
        'tools-image': string,
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (cause) {
    throw new PlatformError(
      'invalid_request',
      `${cause instanceof Error ? cause.message : String(cause)}\n${usage}`,
      { cause },
    );
  }
  if (values.help === true) return undefined;
  const port = givenPort(values.port ?? '9898');
  const settings =
    values.config === undefined
      ? undefined
      : (await import('./settings-file.ts')).readSettings(values.config);
  const temporal = givenTemporal({
    address: values['temporal-address'],
    caFile: values['temporal-tls-ca'],
    certFile: values['temporal-tls-cert'],
    keyFile: values['temporal-tls-key'],
    serverName: values['temporal-tls-server-name'],
  });
  return {
    stateDir: values['state-dir'] ?? join(homedir(), '.vcluster-platform'),
    port,
    ...(settings === undefined ? {} : { settings }),
    ...(temporal === undefined ? {} : { temporal }),
    ...(values['database-url'] === undefined ? {} : { databaseUrl: values['database-url'] }),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    ...(values['tools-image'] === undefined ? {} : { toolsImage: values['tools-image'] }),
    ...(values.chart === undefined ? {} : { charts: values.chart.map(chartLocation) }),
    onProgress: (line) => console.log(line),
  };
}

/** @throws PlatformError `invalid_request` for what is not a port */
function givenPort(given: string): number {
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new PlatformError('invalid_request', `--port ${given} is not a port: give a number from 0 to 65535`);
}

/** @throws PlatformError `invalid_request`: flags that make no sense together, or a file that is not there */
function givenTemporal({
  address,
  ...tls
}: { address: string | undefined } & Record<
  keyof TemporalTls,
  string | undefined
>): PlatformOptions['temporal'] {
  const given = Object.entries(tls).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (given.length === 0) return address === undefined ? undefined : { address };
  const refuse = (reason: string) => new PlatformError('invalid_request', reason);
  if (address === undefined) throw refuse('--temporal-tls-… flags need --temporal-address');
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined))
    throw refuse('give both --temporal-tls-cert and --temporal-tls-key, or neither');
  const paths = given.map(([name, value]) => [name, name === 'serverName' ? value : resolve(value)] as const);
  for (const [name, path] of paths)
    if (name !== 'serverName' && !existsSync(path)) throw refuse(`--temporal-tls-…: file ${path} not found`);
  return { address, tls: Object.fromEntries(paths) };
}

/** @throws PlatformError `invalid_request` for a file that is not there */
function chartLocation(given: string): string {
  if (/^(https|oci):\/\//.test(given)) return given;
  const path = resolve(given);
  if (!existsSync(path))
    throw new PlatformError(
      'invalid_request',
      `--chart ${given}: neither an existing file nor an https:// or oci:// URL`,
    );
  return path;
}

function describe({ admin, adminFile }: Platform, stateDir: string): string {
  return `
The platform is ready.
  console       ${admin.url}/console/ (user ${admin.user}, password in ${adminFile})
  platform      ${admin.url}
  Temporal UI   ${admin.temporalUi}
  access key    in ${adminFile} (user ${admin.user}); kubeconfig ${join(stateDir, 'admin.kubeconfig')}
Next, in another terminal:
  npx vcp login --admin-file ${adminFile}
  npx vcp create vcluster my-first
  npx vcp connect vcluster my-first
Ctrl-C stops it and keeps its state.
`;
}

async function run(options: PlatformOptions): Promise<void> {
  const interrupted = new AbortController();
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    console.log(stopping ? `${signal}: still stopping` : `${signal}: stopping; the state is kept`);
    stopping = true;
    interrupted.abort(new Error('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    // Loaded after the flags were read: it takes a second.
    enableCompileCache(compileCacheDir());
    await import('./commonjs-drizzle.ts');
    const { startPlatform } = await import('./platform.ts');
    const platform = await startPlatform({ ...options, signal: interrupted.signal });
    if (!interrupted.signal.aborted) {
      console.log(describe(platform, options.stateDir));
      // Sockets and timers of the supervisor keep the process alive until then.
      await new Promise((resolve) => interrupted.signal.addEventListener('abort', resolve, { once: true }));
    }
    await platform.stop();
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  }
  console.log('Stopped.');
}

try {
  const options = await readFlags();
  if (options === undefined) console.log(usage);
  else await run(options);
  process.exit(0);
} catch (error) {
  if (!(error instanceof PlatformError)) throw error;
  console.error(`error: ${error.message} (${error.code})`);
  process.exit(errorTable[error.code].exitCode);
}
