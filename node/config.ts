import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { PlatformError } from '../contracts/errors.ts';

/** Configuration of a process node; the README of this folder says how each part acts. */
export const ProcessNodeConfig = Type.Object(
  {
    logLevel: Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error'])),
    kubeconfig: Type.String({ description: 'Path' }),
    nodeName: Type.String(),
    stateDir: Type.String({ description: 'Records, volumes and logs of pods' }),
    imagesFile: Type.String({ description: 'Path of the table of images' }),
    storageDir: Type.String({
      description: 'Folders of persistent volumes; nothing outside is ever deleted',
    }),
    hostPathPrefixes: Type.Array(Type.String(), { description: 'Folders that hostPath volumes may lie in' }),
    podCIDR: Type.Optional(
      Type.String({ description: 'IPv4 range inside 127.64.0.0/10, which is the default' }),
    ),
    namespaceLabel: Type.Optional(
      Type.String({
        description: 'key=value label that a namespace must have; vcluster-platform.io/managed=true',
      }),
    ),
    kubeletApi: Type.Object({
      port: Type.Integer({ minimum: 0, description: '0: any free one' }),
      egressSocket: Type.Optional(
        Type.String({ description: 'Unix socket on which the API server asks to be connected (egress.ts)' }),
      ),
      certFile: Type.String(),
      keyFile: Type.String(),
      clientCaFile: Type.String({ description: 'Authority of the client certificate of the API server' }),
      clientName: Type.String({
        description: 'Common name of that certificate (--kubelet-client-certificate)',
      }),
    }),
  },
  { additionalProperties: false },
);
export type ProcessNodeConfig = Required<Static<typeof ProcessNodeConfig>>;

/**
 * The configuration in `file`, defaults filled in.
 * @throws PlatformError `invalid_request` that names what is wrong
 */
export function loadConfig(file: string): ProcessNodeConfig {
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Value.Check(ProcessNodeConfig, content)) {
    const [first] = Value.Errors(ProcessNodeConfig, content);
    throw new PlatformError(
      'invalid_request',
      `${file}${first?.instancePath ?? ''}: ${first?.message ?? 'not valid'}`,
    );
  }
  for (const folder of [content.stateDir, content.storageDir]) {
    // Mount paths are replaced by these folders also inside shell scripts, so they must need no quoting.
    if (!/^\/[\w./-]+$/.test(folder)) {
      throw new PlatformError(
        'invalid_request',
        `${file}: the folder ${folder} must be absolute and consist of letters, digits and . _ - only`,
      );
    }
  }
  return {
    logLevel: 'info',
    podCIDR: '127.64.0.0/10',
    namespaceLabel: 'vcluster-platform.io/managed=true',
    ...content,
  };
}
