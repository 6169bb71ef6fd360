import { configMap, deployment, widget, widgets } from './kubectl-manifests.ts';

/** The ways into Kubernetes APIs that the gateway gives. */
export type ApiPath = 'management' | 'tenant' | 'cluster' | 'space';

/**
 * One line for kubectl, words parted by spaces. `{ns}` is the side's own namespace (and the stem of its own
 * cluster-wide objects), `{dir}` the folder of manifests.
 */
export interface KubectlCommand {
  readonly line: string;
  /** What comes on standard input. */
  readonly input?: string;
  /** Program for `kubectl edit`. */
  readonly editor?: string;
  /** What is read is still being written by controllers: asked again until both sides agree. */
  readonly settles?: true;
  /** By path: what standard output must be on both sides before the next command; asked again until it is. */
  readonly until?: Partial<Record<ApiPath, RegExp>>;
  /** Both sides see the same objects, each other's among them: no name is left out of the comparison. */
  readonly shared?: true;
  /** Why the answers must differ, by path; then it is checked that they do. */
  readonly differs?: Partial<Record<ApiPath, string>>;
}

const read = (line: string): KubectlCommand => ({ line, settles: true });
const readShared = (line: string): KubectlCommand => ({ line, settles: true, shared: true });
const write = (line: string, input?: object | string): KubectlCommand =>
  input === undefined
    ? { line }
    : { line, input: typeof input === 'string' ? input : `${JSON.stringify(input)}\n` };

const computed = { management: 'the gateway shows what the reader may do and where the platform placed it' };
const virtual = { management: 'the gateway serves resources of its own' };

const otherPerson =
  'through the gateway it is the platform user with the groups that access rules give, directly system:masters';
const platformDecides =
  'who may act as whom the platform decides: RBAC of the management API, and as a service account only in a tenant cluster';
const onEveryPath = <T>(value: T) => ({ management: value, tenant: value, cluster: value });
const alsoInSpaces = <T>(value: T) => ({ ...onEveryPath(value), space: value });
const outsideTenants = (reason: string) => ({ management: reason, cluster: reason, space: reason });
const clusterHealth = { space: 'the health of the connected cluster is no part of a space' };

/** What asks the server about itself, or about what is not there. */
const discovery: readonly KubectlCommand[] = [
  read('version'),
  read('version -o json'),
  read('api-versions'),
  { ...read('api-resources --sort-by=name'), differs: virtual },
  read('api-resources --api-group=apps -o wide'),
  read('api-resources --namespaced=false --verbs=list,watch -o name'),
  read('cluster-info'),
  read('explain configmap.data'),
  read('explain deployment.spec.strategy --recursive'),
  read('explain cronjobs --output=plaintext-openapiv2'),
  read('get --raw /version'),
  read('get --raw /apis'),
  { ...read('get --raw /healthz'), differs: clusterHealth },
  { ...read('get --raw /livez?verbose'), differs: clusterHealth },
  read('get --raw /openapi/v3/apis/apps/v1'),
  read('get --raw /nothing'),
  read('config current-context'),
  read('config view -o jsonpath={.contexts[0].name}'),
  read('completion bash'),
  readShared('get namespaces -o name'),
  readShared('get clusterroles -o name --chunk-size=5'),
  read('get clusterroles -l kubernetes.io/bootstrapping=rbac-defaults --chunk-size=7'),
  readShared('get crds -o name'),
  readShared('get nodes -o wide'),
  readShared('get serviceaccounts -A'),
  read('get --raw /api/v1/namespaces/{ns}/secrets?limit=1'),
  read('top nodes'),
  read('top pods'),
  read('auth can-i create deployments'),
  read('auth can-i delete namespaces -A'),
  { line: 'auth can-i --list --no-headers', differs: { management: otherPerson } },
  { line: 'auth can-i get pods --as=nobody', differs: alsoInSpaces(platformDecides) },
  { line: 'auth whoami', differs: onEveryPath(otherPerson) },
  read('get nothings'),
  read('get configmap absent'),
  read('describe pod absent'),
  read('logs absent'),
  read('exec absent -- true'),
  read('attach absent'),
  read('port-forward pod/absent :80'),
  read('cp absent:/etc/hosts {dir}/hosts'),
  read('rollout status deployment/absent'),
  write('certificate approve absent'),
  write('delete configmap absent'),
  write('delete configmap absent --ignore-not-found'),
  write('scale deployment absent --replicas=1'),
];

const configMaps: readonly KubectlCommand[] = [
  write('create configmap first --from-literal=a=1 --from-literal=b=two'),
  write('create configmap first --from-literal=a=1'),
  write('create configmap second --from-literal=a=1 --dry-run=client -o yaml'),
  write('create configmap second --from-literal=a=1 --dry-run=server -o yaml'),
  write('create configmap Second --from-literal=a=1'),
  write('apply -f -', configMap('notes', { a: '1', b: '2' })),
  write('diff -f -', configMap('notes', { a: '1', b: 'new' })),
  write('apply -f - --dry-run=server', configMap('notes', { a: '1', b: 'new' })),
  write('apply -f - -o json', configMap('notes', { a: 'changed' })),
  write('apply -f - --server-side --field-manager=someone', configMap('sided', { a: '1' })),
  write('apply -f - --server-side --field-manager=other', configMap('sided', { a: '2' })),
  write(
    'apply -f - --server-side --field-manager=other --force-conflicts',
    configMap('sided', { a: '2', b: '3' }),
  ),
  write('apply -f - --validate=strict', { ...configMap('notes', {}), unknown: 'field' }),
  write('apply -f -', 'this: is: not\n  yaml'),
  write('apply edit-last-applied configmap absent'),
  read('apply view-last-applied configmap notes'),
  read('get configmap sided -o yaml --show-managed-fields'),
  read('get configmaps'),
  read('get cm -o wide --show-labels'),
  read('get cm -o name'),
  read('get cm -o json'),
  read('get cm notes -o yaml'),
  read('get cm notes -o jsonpath={.data.a}'),
  read('get cm -o custom-columns=NAME:.metadata.name,A:.data.a'),
  read('get cm -o go-template={{range.items}}{{.metadata.name}};{{end}}'),
  read('get cm -l app=notes --no-headers'),
  read('get cm -l app!=notes'),
  read('get cm -L app --sort-by=.metadata.name'),
  read('get cm --field-selector metadata.name=first'),
  read('get cm --field-selector nothing=first'),
  read('get cm --chunk-size=1'),
  read('get cm -w --request-timeout=2s'),
  read('get cm notes --watch --output-watch-events --request-timeout=2s -o json'),
  read('get cm,secret,sa'),
  read('describe configmap notes'),
  write('patch configmap first --type=json -p [{"op":"replace","path":"/data/a","value":"json"}]'),
  write('patch configmap first --type=merge -p {"data":{"b":null,"c":"merge"}}'),
  write('patch configmap first --type=strategic -p {"data":{"d":"strategic"}}'),
  write('patch configmap first --type=json -p [{"op":"test","path":"/data/a","value":"no"}]'),
  write('label configmap first tier=back owner=me'),
  write('label configmap first tier=front'),
  write('label configmap first tier=front --overwrite'),
  write('annotate configmap first note=kept'),
  write('annotate configmap first note-'),
  { line: 'edit configmap first', editor: 'sed -i s/strategic/edited/' },
  { line: 'edit configmap first -o json', editor: 'true' },
  read('get configmap first -o yaml'),
  write('replace -f -', configMap('notes', { replaced: 'yes' })),
  write('replace -f -', {
    ...configMap('notes', { replaced: 'no' }),
    metadata: { name: 'notes', resourceVersion: '1' },
  }),
  write('replace --force -f -', configMap('notes', { replaced: 'forced' })),
  write('kustomize {dir}'),
  write('apply -k {dir}'),
  write('get -k {dir}'),
  write('delete -k {dir}'),
  write('wait --for=create configmap/first --timeout=5s'),
  // kubectl's own log adds a line ("very short watch") when the time is over right after a watch began: seen 3 times in
  // 30 directly at an API server, so it is asked again.
  read('wait --for=delete configmap/first --timeout=3s'),
  write('wait --for=jsonpath={.data.d}=edited configmap/first --timeout=5s'),
  write('delete configmap first sided'),
  write('delete configmap notes --wait=false'),
  write('delete configmaps -l app=notes'),
];

const accounts: readonly KubectlCommand[] = [
  write('create secret generic hidden --from-literal=password=x'),
  write('create secret tls broken --cert={dir}/map.yaml --key={dir}/map.yaml'),
  read('get secrets'),
  read('describe secret hidden'),
  read('get secret hidden -o jsonpath={.data.password}'),
  write('create serviceaccount robot'),
  write('create token robot --duration=10m'),
  write('create token absent'),
  {
    line: 'auth can-i list secrets --as=system:serviceaccount:{ns}:robot',
    differs: outsideTenants(platformDecides),
  },
  write('create role reader --verb=get,list --resource=configmaps,pods'),
  write('create rolebinding readers --role=reader --serviceaccount={ns}:robot'),
  write('create clusterrole {ns}-reader --verb=get --resource=nodes'),
  write('create clusterrolebinding {ns}-readers --clusterrole={ns}-reader --serviceaccount={ns}:robot'),
  read('describe role reader'),
  // In a tenant cluster there are the gateway's own too, which let it act as the service account.
  read('get role/reader rolebinding/readers -o wide'),
  write('auth reconcile -f - -o name', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['services'], verbs: ['get'] }],
  }),
  write('set subject rolebinding readers --user=anna'),
  read('get rolebinding readers -o yaml'),
  write('create quota small --hard=configmaps=50,secrets=50'),
  write('create priorityclass {ns}-high --value=1000'),
  write('delete clusterrolebinding,clusterrole,priorityclass {ns}-readers {ns}-reader {ns}-high'),
];

const workloads: readonly KubectlCommand[] = [
  write('create -f -', deployment),
  write('create deployment other --image=other:1 --replicas=0'),
  read('get deployments,replicasets -o wide'),
  write('set image deployment/web web=web:2'),
  write('set env deployment/web LEVEL=debug'),
  write('set resources deployment/web --limits=cpu=100m'),
  write('set image deployment/web absent=web:2'),
  read('set env deployment/web --list'),
  write('annotate deployment web kubernetes.io/change-cause=third'),
  read('rollout history deployment/web'),
  read('rollout status deployment/web --timeout=2s'),
  write('rollout pause deployment/web'),
  write('rollout resume deployment/web'),
  write('scale deployment web --replicas=2'),
  write('scale deployment web --replicas=3 --current-replicas=9'),
  write('autoscale deployment web --min=1 --max=3 --cpu=80%'),
  read('get hpa -o name'),
  write('expose deployment web --port=80 --target-port=8080'),
  read('get service web'),
  read('describe service web'),
  write('create service clusterip headless --clusterip=None --tcp=80:80'),
  write('create ingress web --rule=example.com/*=web:80'),
  read('get ingress web -o yaml'),
  write('create job once --image=once:1 --dry-run=client -o yaml'),
  write('create cronjob nightly --image=once:1 --schedule=@daily'),
  write('create poddisruptionbudget web --selector=app=web --min-available=1'),
  read('describe deployment other'),
  write('delete deployment web other --cascade=foreground --wait=false'),
  // The garbage collector ends them; what it has not come to yet, the next command would name.
  { ...read('get deployments,replicasets,pods -o name'), until: alsoInSpaces(/^$/) },
  write('delete all --all --wait=false'),
];

const wholeCluster: readonly KubectlCommand[] = [
  write('create -f -', { apiVersion: 'v1', kind: 'Node', metadata: { name: '{ns}-node' } }),
  write('cordon {ns}-node'),
  write('label node {ns}-node disk=fast'),
  write('taint nodes {ns}-node dedicated=team:NoSchedule'),
  read('get node {ns}-node'),
  write('drain {ns}-node --dry-run=server'),
  write('uncordon {ns}-node --dry-run=server'),
  write('delete node {ns}-node'),
  write('create namespace {ns}-more'),
  write('create namespace {ns}-more'),
  write('delete namespace {ns}-more --wait=false'),
  write('apply -f -', widgets),
  write('wait --for=condition=Established crd/widgets.{ns}.example.com --timeout=20s'),
  // A kind is served a moment before discovery and schemas tell of it.
  { ...read('api-resources --api-group={ns}.example.com'), until: onEveryPath(/Widget/) },
  { ...read('explain widgets.spec.size --api-version={ns}.example.com/v1'), until: onEveryPath(/size/) },
  write('create -f -', widget(3)),
  write('apply -f - --server-side', widget(10)),
  read('get widgets.{ns}.example.com -o yaml'),
  write('patch widgets.{ns}.example.com first --type=strategic -p {"spec":{"size":4}}'),
  write('patch widgets.{ns}.example.com first --type=merge -p {"spec":{"size":4}}'),
  write('delete crd widgets.{ns}.example.com'),
  read('events --types=Warning --for=configmap/absent'),
  read('get events --field-selector involvedObject.name=absent'),
];

/** The platform's own kinds, which only the management API has: the other paths say so alike. */
const platformKinds: readonly KubectlCommand[] = [
  readShared('get projects -o wide'),
  { ...readShared('get projects default -o yaml'), differs: computed },
  readShared('get virtualclusterinstances -A'),
  { ...readShared('get virtualclusterinstance alpha -n p-default -o json'), differs: computed },
  { ...readShared('describe virtualclusterinstance alpha -n p-default'), differs: computed },
  readShared('get clusters,virtualclustertemplates,users -o name'),
  readShared('get accesskeys --show-labels'),
  read('explain virtualclusterinstances.spec.template --recursive'),
  write('apply -f -', {
    apiVersion: 'management.loft.sh/v1',
    kind: 'Team',
    metadata: { name: '{ns}-team' },
    spec: { displayName: 'Team', users: [] },
  }),
  write('annotate team {ns}-team note=kept'),
  write('patch team {ns}-team --type=merge -p {"spec":{"displayName":"Renamed"}}'),
  write('patch team {ns}-team --type=merge -p {"spec":{"users":"nobody"}}'),
  write('get team {ns}-team -o jsonpath={.spec}'),
  write('delete team {ns}-team'),
];

/** Every command, in chains that do not touch each other's objects. */
export const kubectlCommands: readonly (readonly KubectlCommand[])[] = [
  discovery,
  configMaps,
  accounts,
  [...workloads, ...wholeCluster],
  platformKinds,
];
