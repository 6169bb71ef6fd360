import { programOnPath, runProgram } from '../shell/programs.ts';

/** A cluster as the caller reaches it, with their own kubeconfig, and where in it the agent is. */
export interface AgentPlace {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace: string;
}

/** What the agent's pod is doing. */
export interface AgentPodState {
  /** For people; empty: it is connected. */
  readonly says: string;
  /** It does not start, and will not without a change. */
  readonly isStuck: boolean;
}

interface Pod {
  readonly metadata: { readonly creationTimestamp?: string };
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; message?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly ready?: boolean;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

const stuck = [
  ...['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'],
  ...['CrashLoopBackOff', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'],
];

/** The arguments of kubectl or Helm for the cluster of a place. @param contextFlag what names a context there */
export function clusterArguments(
  { kubeconfig, context }: Omit<AgentPlace, 'namespace'>,
  contextFlag: '--context' | '--kube-context',
): string[] {
  return [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : [contextFlag, context]),
  ];
}

/** How to look at the same cluster with kubectl: the end of a command. */
export function placeArguments(place: Omit<AgentPlace, 'namespace'>): string {
  return clusterArguments(place, '--context')
    .map((argument) => ` ${argument}`)
    .join('');
}

/** What the newest pod of Deployment `loft` is doing; undefined: kubectl is not installed, or may not look. */
export async function readAgentPod(place: AgentPlace): Promise<AgentPodState | undefined> {
  const listed = await kubectl(place, ['get', 'pods', '--selector', 'app=loft', '--output', 'json']);
  if (listed === undefined) return undefined;
  const { items } = JSON.parse(listed) as { items: Pod[] };
  const pod = items.toSorted((a, b) => createdAt(b).localeCompare(createdAt(a)))[0];
  if (pod === undefined) return { says: 'Deployment loft has no pod yet', isStuck: false };
  const [container] = pod.status?.containerStatuses ?? [];
  return container === undefined ? beforeItsNode(pod) : ofContainer(place, container);
}

function beforeItsNode({ status }: Pod): AgentPodState {
  const unmet = status?.conditions?.find((condition) => condition.status === 'False' && condition.message);
  return { says: unmet?.message ?? 'its pod does not have a node yet', isStuck: false };
}

async function ofContainer(place: AgentPlace, { ready, state }: ContainerStatus): Promise<AgentPodState> {
  const { reason, message = '' } = state?.waiting ?? {};
  if (reason !== undefined) {
    const said = reason === 'CrashLoopBackOff' ? await lastWords(place, true) : message;
    return { says: said === '' ? reason : `${reason}: ${said}`, isStuck: stuck.includes(reason) };
  }
  if (ready === true) return { says: '', isStuck: false };
  return { says: (await lastWords(place, false)) || 'its pod is starting', isStuck: false };
}

/** The last warning or error in the agent's log. */
async function lastWords(place: AgentPlace, previous: boolean): Promise<string> {
  const args = ['logs', 'deployment/loft', '--tail', '20', ...(previous ? ['--previous'] : [])];
  const log = (await kubectl(place, args)) ?? '';
  const lines = log.split('\n').map(wordsOfLine);
  return lines.findLast((words) => words !== '') ?? '';
}

/** Pino's number of it. */
const warning = 40;

/** Of a line of JSON from a warning on, or of the line that a process ends with. */
function wordsOfLine(line: string): string {
  if (line.startsWith('error: ')) return line.slice('error: '.length);
  try {
    const { level, msg, reason } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'number' || level < warning) return '';
    return reason === undefined
      ? String(msg)
      : `${String(msg)} (${typeof reason === 'string' ? reason : JSON.stringify(reason)})`;
  } catch {
    return '';
  }
}

async function kubectl(place: AgentPlace, args: readonly string[]): Promise<string | undefined> {
  const program = programOnPath('kubectl');
  if (program === undefined) return undefined;
  const where = [
    ...['--namespace', place.namespace, '--request-timeout', '10s'],
    ...clusterArguments(place, '--context'),
  ];
  const { code, stdout } = await runProgram(program, [...args, ...where]);
  return code === 0 ? stdout : undefined;
}

function createdAt({ metadata }: Pod): string {
  return metadata.creationTimestamp ?? '';
}
