import type { RawAnswer, RawCall } from './raw-call.ts';

/** Something that an administrator of a Kubernetes API can have its API server dial. */
export interface WayToDial {
  readonly name: string;
  /** Makes what points at `port` of this machine. @param own an address of this machine that is not loopback */
  prepare(call: RawCall, port: number, own: string): Promise<void>;
  /** Has it dialled; perhaps not before the API server has noticed what was prepared. */
  dial(call: RawCall, port: number): Promise<RawAnswer>;
}

const core = '/api/v1/namespaces/default';
const spdy = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' };

/** @throws Error unless it was made */
export async function make(call: RawCall, path: string, body: object): Promise<void> {
  const { status, text } = await call('POST', path, { body });
  if (status !== 201) throw new Error(`${path}: ${status} ${text}`);
}

const forgedNode = (name: string, address: string, port: number) => ({
  metadata: { name },
  status: {
    addresses: [{ type: 'InternalIP', address }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  },
});

async function makePod(call: RawCall, name: string, nodeName: string, podIP: string): Promise<void> {
  const spec = { nodeName, containers: [{ name: 'c', image: 'none' }], automountServiceAccountToken: false };
  await make(call, `${core}/pods`, { metadata: { name }, spec });
  const container = { name: 'c', image: 'none', imageID: '', ready: true, restartCount: 0 };
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const status = {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    containerStatuses: [{ ...container, state }],
  };
  const answer = await call('PATCH', `${core}/pods/${name}/status`, { body: { status } });
  if (answer.status !== 200) throw new Error(`${name}: ${answer.text}`);
}

/** A Node whose kubelet is said to be at 127.0.0.1. */
function throughForgedNode(name: string, dial: (pod: string) => Parameters<RawCall>): WayToDial {
  return {
    name: `${name} of a pod on a forged node at 127.0.0.1`,
    async prepare(call, port) {
      await make(call, '/api/v1/nodes', forgedNode(name, '127.0.0.1', port));
      await makePod(call, name, name, '10.9.9.9');
    },
    dial: (call) => call(...dial(`${core}/pods/${name}`)),
  };
}

const proxied: WayToDial[] = [
  {
    name: 'nodes/proxy to a forged node at an own address',
    prepare: (call, port, own) => make(call, '/api/v1/nodes', forgedNode('proxied', own, port)),
    dial: (call) => call('GET', '/api/v1/nodes/proxied/proxy/healthz'),
  },
  {
    name: 'pods/proxy to a forged pod at an own address',
    prepare: (call, _port, own) => makePod(call, 'proxied', 'nowhere', own),
    dial: (call, port) => call('GET', `${core}/pods/http:proxied:${port}/proxy/`),
  },
  {
    name: 'services/proxy to the endpoint of a forged pod at an own address',
    async prepare(call, port, own) {
      await makePod(call, 'behind', 'nowhere', own);
      await makeService(call, 'proxied', { ports: [{ port: 80, targetPort: port }] });
      const targetRef = { kind: 'Pod', namespace: 'default', name: 'behind' };
      const subsets = [{ addresses: [{ ip: own, targetRef }], ports: [{ port }] }];
      await make(call, `${core}/endpoints`, { metadata: { name: 'proxied' }, subsets });
    },
    dial: (call) => call('GET', `${core}/services/http:proxied:80/proxy/`),
  },
];

type Service = { clusterIP?: string; type?: string; externalName?: string; ports: object[] };
const makeService = (call: RawCall, name: string, spec: Service) =>
  make(call, `${core}/services`, { metadata: { name }, spec });

/** What a webhook may be told to call: the client configuration, and the Service that it needs. */
const hooks: [name: string, clientConfig: (port: number) => object, service?: (port: number) => Service][] = [
  ['url with an address', (port) => ({ url: `https://127.0.0.1:${port}/` })],
  ['url with a name', (port) => ({ url: `https://localhost:${port}/` })],
  [
    'Service with a loopback address',
    (port) => ({ service: { name: 'hook-2', namespace: 'default', port } }),
    (port) => ({ clusterIP: '127.96.7.7', ports: [{ port }] }),
  ],
  [
    'Service that is another name',
    (port) => ({ service: { name: 'hook-3', namespace: 'default', port } }),
    (port) => ({ type: 'ExternalName', externalName: 'localhost', ports: [{ port }] }),
  ],
];

const webhooks = (['validating', 'mutating'] as const).flatMap((kind) =>
  hooks.map(([what, clientConfig], index): WayToDial => {
    // Each kind and target for a resource of its own: they must not stand in each other's way.
    const resource = `${kind}${index}s`;
    const group = `${kind}.example.com`;
    return {
      name: `a ${kind} webhook: ${what}`,
      async prepare(call, port) {
        await make(
          call,
          '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
          definition(resource, group),
        );
        const rules = [
          { apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] },
        ];
        const hook = { name: 'a.b.c', clientConfig: clientConfig(port), rules, sideEffects: 'None' };
        const webhook = { ...hook, admissionReviewVersions: ['v1'], timeoutSeconds: 5 };
        const path = `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`;
        await make(call, path, { metadata: { name: resource }, webhooks: [webhook] });
      },
      dial: (call) =>
        call('POST', `/apis/${group}/v1/${resource}`, {
          body: { apiVersion: `${group}/v1`, kind: resource, metadata: { generateName: 'a' } },
        }),
    };
  }),
);

function definition(plural: string, group: string, conversion?: object) {
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, kind: plural },
      scope: 'Cluster',
      versions: [
        { name: 'v1', served: true, storage: true, schema },
        { name: 'v2', served: true, storage: false, schema },
      ],
      ...(conversion === undefined ? {} : { conversion }),
    },
  };
}

const conversions = hooks.map(([what, clientConfig], index): WayToDial => {
  const [plural, group] = [`converted${index}s`, 'conversion.example.com'];
  return {
    name: `a conversion webhook: ${what}`,
    prepare(call, port) {
      const webhook = { clientConfig: clientConfig(port), conversionReviewVersions: ['v1'] };
      const conversion = { strategy: 'Webhook', webhook };
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      return make(call, path, definition(plural, group, conversion));
    },
    async dial(call) {
      const body = { apiVersion: `${group}/v1`, kind: plural, metadata: { name: 'a' } };
      await call('POST', `/apis/${group}/v1/${plural}`, { body });
      return call('GET', `/apis/${group}/v2/${plural}/a`);
    },
  };
});

const aggregated: WayToDial = {
  name: 'an APIService: Service that is another name',
  async prepare(call, port) {
    const service = { name: 'hook-3', namespace: 'default', port };
    const priority = { groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true };
    const spec = { group: 'aggregated.example.com', version: 'v1', service, ...priority };
    const path = '/apis/apiregistration.k8s.io/v1/apiservices';
    await make(call, path, { metadata: { name: 'v1.aggregated.example.com' }, spec });
  },
  // Its availability is asked for again and again; what went wrong stands in its status.
  dial: (call) => call('GET', '/apis/apiregistration.k8s.io/v1/apiservices/v1.aggregated.example.com'),
};

/** All ways that reached a server on this machine before egress was closed (kube-apiserver 1.36). */
export const waysToDial: readonly WayToDial[] = [
  throughForgedNode('logs', (pod) => ['GET', `${pod}/log`]),
  throughForgedNode('exec', (pod) => ['POST', `${pod}/exec?command=ls&stdout=1`, { headers: spdy }]),
  throughForgedNode('attach', (pod) => ['POST', `${pod}/attach?stdout=1`, { headers: spdy }]),
  throughForgedNode('portforward', (pod) => ['POST', `${pod}/portforward?ports=80`, { headers: spdy }]),
  ...proxied,
  ...webhooks,
  ...conversions,
  aggregated,
];

/** What several ways share; before the first. */
export async function prepareWays(call: RawCall, port: number): Promise<void> {
  for (const [index, [, , service]] of hooks.entries())
    if (service !== undefined) await makeService(call, `hook-${index}`, service(port));
  const account = await call('POST', `${core}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  if (![201, 409].includes(account.status)) throw new Error(account.text);
}
