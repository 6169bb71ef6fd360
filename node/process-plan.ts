import { join } from 'node:path';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { readPodField, readResourceField } from './downward-api.ts';
import { expandVariables, type NamespaceData, resolveEnvironment } from './environment.ts';
import { ContainerRefusal, findImage, findProgram, type ImageTable } from './images.ts';

/** Everything a host process needs to stand in for a container. */
export interface ProcessPlan {
  /** argv[0] is an absolute host path. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Host folders of mounts with a subPath; made if they do not exist. */
  readonly subPaths: readonly string[];
  /** The image's PATH and path mapping, for exec probes and hooks. */
  readonly command: (argv: readonly string[]) => string[];
}

export interface PlanInput {
  readonly pod: V1Pod;
  readonly container: V1Container;
  readonly images: ImageTable;
  readonly data: NamespaceData;
  /** Host folders of the pod's volumes by name. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly terminationMessageFile: string;
  readonly podAddress: string;
  /** Address of the API server that the pod's cluster answers on. */
  readonly apiServer: { readonly host: string; readonly port: string };
  /** Private folder: HOME, TMPDIR, and the working directory unless the container names a mounted one. */
  readonly scratchDir: string;
}

/**
 * How to run a container as a host process: variables expanded, mount paths replaced by host paths, the program
 * looked up in the image's folders.
 * @throws ContainerRefusal when the container cannot run here, with the reason its status shows
 */
export function planProcess(input: PlanInput): ProcessPlan {
  const { pod, container, scratchDir } = input;
  refuseUnsupported(container);
  const image = findImage(input.images, container.image ?? '');
  const variables = resolveEnvironment(container, input.data, (source) =>
    source.resourceFieldRef === undefined
      ? readPodField(pod, source.fieldRef?.fieldPath ?? '', input.podAddress)
      : readResourceField(pod, container.name, source.resourceFieldRef),
  );
  const expand = (text: string) => expandVariables(text, variables);
  const mounts = mountMappings(input, expand);
  const message = {
    containerPath: container.terminationMessagePath ?? '/dev/termination-log',
    hostPath: input.terminationMessageFile,
  };
  const rewrite = createPathRewriter([message, ...mounts]);
  const command = (argv: readonly string[]) => {
    const [program, ...args] = argv;
    if (program === undefined)
      throw new ContainerRefusal('CreateContainerError', 'neither the container nor the image has a command');
    const mapped = rewrite(program);
    // A program in a volume runs from there; any other path names a program of the image.
    return [mapped !== program ? mapped : findProgram(image, program), ...args.map(rewrite)];
  };
  const given = container.command ?? [];
  const argv = [...(given.length > 0 ? given : (image.entrypoint ?? [])), ...(container.args ?? [])];
  const workingDirectory = container.workingDir === undefined ? undefined : rewrite(container.workingDir);
  return {
    argv: command(argv.map(expand)),
    environment: {
      PATH: image.bin.join(':'),
      HOSTNAME: pod.metadata?.name ?? '',
      HOME: scratchDir,
      TMPDIR: scratchDir,
      KUBERNETES_SERVICE_HOST: input.apiServer.host,
      KUBERNETES_SERVICE_PORT: input.apiServer.port,
      KUBERNETES_SERVICE_PORT_HTTPS: input.apiServer.port,
      ...Object.fromEntries([...variables].map(([name, value]) => [name, rewrite(value)])),
    },
    workingDirectory:
      workingDirectory !== undefined && workingDirectory !== container.workingDir
        ? workingDirectory
        : scratchDir,
    subPaths: mounts.filter((mount) => mount.subPath).map((mount) => mount.hostPath),
    command: (other) => command(other.map(expand)),
  };
}

function mountMappings(
  { container, volumes }: PlanInput,
  expand: (text: string) => string,
): (PathMapping & { subPath: boolean })[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const folder = volumes.get(mount.name);
    if (folder === undefined)
      throw new ContainerRefusal(
        'CreateContainerConfigError',
        `the pod does not have a volume ${mount.name}`,
      );
    const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? '') : expand(mount.subPathExpr);
    if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
      throw new ContainerRefusal('CreateContainerConfigError', `subPath ${subPath} leaves its volume`);
    }
    return { containerPath: mount.mountPath, hostPath: join(folder, subPath), subPath: subPath !== '' };
  });
}

function refuseUnsupported(container: V1Container): void {
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    if (probe?.grpc !== undefined)
      throw new ContainerRefusal('CreateContainerConfigError', 'this node does not support grpc probes');
  }
  for (const mount of container.volumeMounts ?? []) {
    if (mount.mountPath === '/')
      throw new ContainerRefusal(
        'CreateContainerConfigError',
        'a volume cannot be mounted on / of a host process',
      );
  }
  if ((container.volumeDevices ?? []).length > 0) {
    throw new ContainerRefusal('CreateContainerConfigError', 'this node does not support block devices');
  }
}

/** A folder or file that a container sees at `containerPath` and the host has at `hostPath`. */
interface PathMapping {
  readonly containerPath: string;
  readonly hostPath: string;
}

/**
 * A function that replaces container paths by host paths wherever they stand as a path of their own: at the
 * start, after white space, quotes or one of `= , : ; ( [ { < > | & @ !`, or after `unix://` and `file://`; and
 * up to a `/` or the end of the name (`/data` does not touch `/database` or `/srv/data`). The longest path wins,
 * and nothing is replaced twice. Paths that are written inside files are not seen.
 */
export function createPathRewriter(mappings: readonly PathMapping[]): (text: string) => string {
  const hostPaths = new Map(
    mappings.map(({ containerPath, hostPath }) => [normalise(containerPath), normalise(hostPath)]),
  );
  if (hostPaths.size === 0) return (text) => text;
  const alternatives = [...hostPaths.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const before = '(?<=^|[\\s=,:;"\'`(\\[{<>|&@!]|\\b(?:unixs?|file)://)';
  const pattern = new RegExp(`${before}(?:${alternatives.join('|')})(?=/|$|[^\\w.~%+@-])`, 'g');
  return (text) => text.replace(pattern, (path) => hostPaths.get(path) ?? path);
}

function normalise(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
