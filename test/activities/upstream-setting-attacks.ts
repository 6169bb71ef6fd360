import type { UpstreamAttack } from './upstream-attack.ts';

const statefulSet = (settings: object) => ({ controlPlane: { statefulSet: settings } });
const service = (spec: object) => ({ controlPlane: { service: { spec } } });
const volume = (one: object) => statefulSet({ persistence: { addVolumes: [{ name: 'h', ...one }] } });
const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

/** Settings of the chart's own objects, and of what its control plane does later. */
export const settingAttacks: readonly UpstreamAttack[] = [
  [
    'a chart of its own',
    { experimental: { deploy: { vcluster: { helm: [{ chart: { name: 'x' } }] } } } },
    /experimental\.deploy\.vcluster\.helm/,
    'inside',
  ],
  ['a plugin', { plugins: { x: { image: 'some/image' } } }, /plugins/, 'inside'],
  ['a Role over everything', { rbac: { role: { overwriteRules: everything } } }, /grant \* \*/, 'refused'],
  ['more rules over everything', { rbac: { role: { extraRules: everything } } }, /grant \* \*/, 'refused'],
  [
    'a ClusterRole over everything',
    { rbac: { clusterRole: { enabled: true, overwriteRules: everything } } },
    /create ClusterRole/,
    'refused',
  ],
  [
    "Helm's ServiceAccount",
    {
      controlPlane: { advanced: { serviceAccount: { name: 'vcluster-platform-helm' } } },
    },
    /belongs to the platform/,
    'refused',
  ],
  [
    "Helm's ServiceAccount, which is there",
    {
      controlPlane: { advanced: { serviceAccount: { enabled: false, name: 'vcluster-platform-helm' } } },
    },
    /identity that Helm uses/,
    'inside',
  ],
  [
    "Helm's ServiceAccount for its pods",
    {
      controlPlane: { advanced: { workloadServiceAccount: { name: 'vcluster-platform-helm' } } },
    },
    /belongs to the platform/,
    'refused',
  ],
  [
    'labels of another release',
    statefulSet({ labels: { release: 'other' } }),
    /does not label its workload/,
    'inside',
  ],
  [
    'a privileged container',
    statefulSet({
      sidecarContainers: [{ name: 'a', image: 'b', securityContext: { privileged: true } }],
    }),
    /access to the node/,
    'node',
  ],
  [
    'the whole of /proc',
    statefulSet({
      sidecarContainers: [{ name: 'a', image: 'b', securityContext: { procMount: 'Unmasked' } }],
    }),
    /access to the node/,
    'node',
  ],
  ["the node's files", volume({ hostPath: { path: '/' } }), /access to the node/, 'node'],
  ["the node's files, written otherwise", volume({ 'hostPath ': { path: '/' } }), undefined, 'refused'],
  [
    "the node's files, by a template",
    volume({ name: '{{ "h" }}\n  hostPath: { path: / }' }),
    undefined,
    'refused',
  ],
  ["a driver's volume", volume({ csi: { driver: 'x' } }), undefined, 'inside'],
  ['a volume of another machine', volume({ nfs: { server: '10.0.0.1', path: '/' } }), undefined, 'inside'],
  [
    "the gateway's credential as a variable",
    statefulSet({
      env: [{ name: 'a', valueFrom: { secretKeyRef: { name: 'vc-NAME-gateway', key: 'config' } } }],
    }),
    undefined,
    'inside',
  ],
  [
    'a priority above all',
    statefulSet({ scheduling: { priorityClassName: 'system-node-critical' } }),
    /the priority of Kubernetes' own pods/,
    'node',
  ],
  [
    'a probe of another host',
    statefulSet({
      sidecarContainers: [
        { name: 'a', image: 'b', livenessProbe: { httpGet: { host: '169.254.169.254', port: 80 } } },
      ],
    }),
    /access to the node/,
    'node',
  ],
  ["a driver of the node's", volume({ flexVolume: { driver: 'x/y' } }), /access to the node/, 'node'],
  [
    'namespaces of the host',
    { sync: { toHost: { namespaces: { enabled: true } } } },
    /create ClusterRole/,
    'refused',
  ],
  [
    'kinds of its own in the host',
    { sync: { toHost: { customResources: { 'a.b.c': { enabled: true } } } } },
    /create ClusterRole/,
    'refused',
  ],
  [
    'Secrets of kube-system',
    {
      sync: {
        fromHost: { secrets: { enabled: true, mappings: { byName: { 'kube-system/*': 'default/*' } } } },
      },
    },
    /create ClusterRole/,
    'refused',
  ],
  [
    'ConfigMaps of kube-system',
    {
      sync: {
        fromHost: { configMaps: { enabled: true, mappings: { byName: { 'kube-system/*': 'default/*' } } } },
      },
    },
    /create ClusterRole/,
    'refused',
  ],
  [
    'Services of kube-system',
    {
      networking: { replicateServices: { fromHost: [{ from: 'kube-system/x', to: 'default/x' }] } },
    },
    /create ClusterRole/,
    'refused',
  ],
  [
    'its kubeconfig in kube-system',
    {
      exportKubeConfig: { additionalSecrets: [{ name: 'x', namespace: 'kube-system' }] },
    },
    undefined,
    'inside',
  ],
  [
    'a key of kube-system',
    { platform: { apiKey: { secretName: 'x', namespace: 'kube-system' } } },
    /in namespace kube-system/,
    'refused',
  ],
  [
    'nodes of its own',
    { privateNodes: { enabled: true }, ...service({ type: 'LoadBalancer' }) },
    undefined,
    'inside',
  ],
  [
    'an address of the node',
    { controlPlane: { advanced: { kubeVip: { enabled: true } } } },
    /access to the node/,
    'node',
  ],
  [
    'an address of its choice',
    service({ type: 'LoadBalancer', externalIPs: ['10.0.0.1'] }),
    /externalIPs/,
    'inside',
  ],
  ['a setting that looks like another', { 'policies ': {} }, /additional properties/, 'refused'],
  [
    'one more rule, which the chart may give',
    { rbac: { role: { extraRules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] } } },
    /rbac\.role\.extraRules/,
    'inside',
  ],
  ['a ClusterRole', { rbac: { clusterRole: { enabled: true } } }, /create ClusterRole/, 'refused'],
  [
    'nodes of the host',
    { sync: { fromHost: { nodes: { enabled: true } } } },
    /create ClusterRole/,
    'refused',
  ],
  [
    'a ServiceAccount that is not its own',
    { controlPlane: { advanced: { serviceAccount: { enabled: false, name: 'other' } } } },
    /bind more than its own|ServiceAccount other/,
    'inside',
  ],
  [
    'an order to Helm',
    statefulSet({ annotations: { 'helm.sh/hook': 'pre-install' } }),
    /helm\.sh\/hook/,
    'inside',
  ],
  [
    'a privileged control plane',
    statefulSet({ security: { containerSecurityContext: { privileged: true } } }),
    /access to the node/,
    'node',
  ],
  [
    'a capability',
    statefulSet({ security: { containerSecurityContext: { capabilities: { add: ['SYS_ADMIN'] } } } }),
    /access to the node/,
    'node',
  ],
];
