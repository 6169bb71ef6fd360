import type { KubernetesObject, V1ObjectMeta, V1PolicyRule, V1RoleBinding } from '@kubernetes/client-node';
import { lastingFailure, PlatformError } from '../contracts/errors.ts';
import { helmRecordType, helmServiceAccount, tenantObjects } from '../contracts/names.ts';
import { readHelmYamlStream, YamlFault } from './helm-yaml.ts';
import { outranksAll, type PodSpec, podSpecs, reachesNode } from './pod-contract.ts';

/** What a chart that makes control planes may make. */
export interface ChartContract {
  readonly name: string;
  /** Kinds that it may make without an administrator's template, as kubectl writes them: `StatefulSet.apps`. */
  readonly ordinaryKinds: readonly string[];
  /** What Roles that it makes may give without an administrator's template. */
  readonly ordinaryRules: readonly V1PolicyRule[];
  /** What rendered objects of it set that only an administrator's template may; names as in its values. */
  extraordinarySettings(objects: readonly KubernetesObject[], release: string): string[];
  /**
   * Name of the Secret in the host namespace that its control plane takes its keys from: the authority (`ca.crt`,
   * `ca.key`) and the service accounts' keys (`sa.key`, `sa.pub`) under these names.
   */
  keysSecret(release: string): string;
}

export interface ManifestContract {
  readonly chart: ChartContract;
  readonly release: string;
  readonly namespace: string;
  /** The chart and values come from an administrator's template. */
  readonly trusted: boolean;
}

/** An object of a manifest: it has a kind and a name, and `kind` as `StatefulSet.apps`. */
interface Manifest extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: V1ObjectMeta & { name: string };
}

/**
 * Checks a rendered chart against what the platform needs of a tenant cluster's chart (a workload and a Service of
 * the release's name, the labels `app` and `release`) and, unless it is an administrator's, against what it may
 * make: its ordinary kinds, in its own namespace, without a way to the node, Roles that give no more than the chart's
 * own, nothing of the platform's and no instructions for Helm, with settings that are its to make.
 * @returns the objects that were checked: what is installed is to be made of these, not of the text
 * @throws PlatformError `chart_failed`
 */
export function checkManifest(text: string, contract: ManifestContract): readonly KubernetesObject[] {
  const manifests = readManifests(text);
  for (const manifest of manifests) checkOwned(manifest, contract);
  if (!contract.trusted) {
    for (const manifest of manifests) checkOrdinary(manifest, manifests, contract);
    checkSettings(manifests, contract);
  }
  checkWorkload(manifests, contract);
  return manifests;
}

const needed = 'that needs a template made by an administrator';

function readManifests(text: string): Manifest[] {
  let contents: unknown[];
  try {
    contents = readHelmYamlStream(text);
  } catch (cause) {
    const fault = cause instanceof YamlFault ? cause.message : 'are not valid YAML';
    throw new PlatformError('chart_failed', `the rendered chart's objects ${fault}`, {
      cause,
      details: lastingFailure,
    });
  }
  return contents.filter((content) => content !== null && content !== undefined).map(toManifest);
}

function toManifest(content: unknown): Manifest {
  const { apiVersion, kind, metadata } = content as Partial<Manifest>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    throw refusal('the rendered chart has something that is not a Kubernetes object');
  // One object in a document, with a name: a List has others in it, and a name to come is not known to anybody yet.
  if (typeof metadata?.name !== 'string' || metadata.name === '')
    throw refusal(`the chart would create a ${kind} without a name`);
  return content as Manifest;
}

function checkSettings(manifests: Manifest[], { chart, release }: ManifestContract): void {
  const settings = chart.extraordinarySettings(manifests, release);
  if (settings.length === 0) return;
  throw refusal(`the values set ${settings.slice(0, 5).join(', ').slice(0, 300)}; ${needed}`);
}

/** What no chart may create, not even from an administrator's template: the platform's own objects beside it, and records of Helm. */
function checkOwned(manifest: Manifest, { chart, release }: ManifestContract): void {
  const { kind, metadata } = manifest;
  const secrets = [
    tenantObjects.kubeconfigSecret(release),
    tenantObjects.gatewaySecret(release),
    tenantObjects.seedSecret(release),
    chart.keysSecret(release),
  ];
  const rights: readonly string[] = [helmServiceAccount, tenantObjects.gatewayRole];
  const ours =
    kind === 'Secret'
      ? secrets.includes(metadata.name)
      : ['ServiceAccount', 'Role', 'RoleBinding'].includes(kind) && rights.includes(metadata.name);
  const record =
    metadata.labels?.['owner'] === 'helm' || ('type' in manifest && manifest.type === helmRecordType);
  if (ours || record)
    throw refusal(`the chart would create ${kind} ${metadata.name}, which belongs to the platform`);
  if (podSpecs(manifest).some(({ serviceAccountName }) => serviceAccountName === helmServiceAccount))
    throw refusal(`the chart would give ${kind} ${metadata.name} the identity that Helm uses`);
}

function checkOrdinary(manifest: Manifest, all: readonly Manifest[], contract: ManifestContract): void {
  const { kind, metadata } = manifest;
  const what = `${kind} ${metadata.name}`;
  if (!contract.chart.ordinaryKinds.includes(kindWithGroup(manifest)))
    throw refusal(`the chart would create ${what}; ${needed}`);
  if (metadata.namespace !== undefined && metadata.namespace !== contract.namespace) {
    throw refusal(`the chart would create ${what} in namespace ${metadata.namespace}; ${needed}`);
  }
  checkMetadata(metadata, what);
  for (const pod of podSpecs(manifest)) checkPod(pod, all, what);
  if (kind === 'Secret' && (manifest as { type?: string }).type === 'kubernetes.io/service-account-token')
    throw refusal(`the chart would create ${what} with a token of a ServiceAccount; ${needed}`);
  if (
    kind === 'Service' &&
    (manifest as { spec?: { externalIPs?: unknown } }).spec?.externalIPs !== undefined
  )
    throw refusal(`the chart would give ${what} externalIPs; ${needed}`);
  checkRights(manifest, all, contract, what);
}

function checkPod(pod: PodSpec, all: readonly Manifest[], what: string): void {
  if (reachesNode(pod))
    throw refusal(
      `the chart would give ${what} access to the node (host namespaces or ports, hostPath, flexVolume, probes of other hosts, capabilities or privileged); ${needed}`,
    );
  if (outranksAll(pod))
    throw refusal(`the chart would give ${what} the priority of Kubernetes' own pods; ${needed}`);
  const account = pod.serviceAccountName ?? pod.serviceAccount ?? 'default';
  if (account !== 'default' && !makes(all, 'ServiceAccount', account))
    throw refusal(`the chart would give ${what} ServiceAccount ${account}, which is not its own; ${needed}`);
}

/** `helm.sh/hook` has Helm run things, `helm.sh/resource-policy` leave things behind; a finalizer keeps the namespace. */
function checkMetadata(
  { annotations, labels, finalizers, ownerReferences }: V1ObjectMeta,
  what: string,
): void {
  const orders = [
    ...Object.keys(annotations ?? {}).filter((key) => /^(meta\.)?helm\.sh\//.test(key)),
    ...Object.keys(labels ?? {}).filter((key) => key.startsWith('vcluster-platform.io/')),
    ...(finalizers === undefined ? [] : ['finalizers']),
    ...(ownerReferences === undefined ? [] : ['ownerReferences']),
  ];
  if (orders.length > 0) throw refusal(`the chart would create ${what} with ${orders[0]}; ${needed}`);
}

/** Its Roles give what the chart's own gives, and its bindings give its own Roles to its own ServiceAccounts. */
function checkRights(
  manifest: Manifest,
  all: readonly Manifest[],
  { chart, namespace }: ManifestContract,
  what: string,
): void {
  if (manifest.kind === 'Role') {
    const { rules = [] } = manifest as { rules?: V1PolicyRule[] | null };
    const [beyond] = grantedBeyond(rules ?? [], chart.ordinaryRules);
    if (beyond !== undefined) throw refusal(`the chart would have ${what} grant ${beyond}; ${needed}`);
  }
  if (manifest.kind === 'RoleBinding') {
    const { roleRef, subjects = [] } = manifest as unknown as V1RoleBinding;
    const foreign = subjects.filter(
      (subject) =>
        subject.kind !== 'ServiceAccount' ||
        (subject.namespace ?? namespace) !== namespace ||
        !makes(all, 'ServiceAccount', subject.name),
    );
    if (roleRef.kind !== 'Role' || !makes(all, 'Role', roleRef.name) || foreign.length > 0)
      throw refusal(
        `the chart would have ${what} bind more than its own Roles and ServiceAccounts; ${needed}`,
      );
  }
}

function makes(all: readonly Manifest[], kind: string, name: string): boolean {
  return all.some((manifest) => manifest.kind === kind && manifest.metadata.name === name);
}

/** As kubectl writes it: `Service`, `StatefulSet.apps`. */
function kindWithGroup({ apiVersion, kind }: Manifest): string {
  return apiVersion.includes('/') ? `${kind}.${apiVersion.split('/')[0]}` : kind;
}

function checkWorkload(manifests: Manifest[], { release, chart }: ManifestContract): void {
  const named = (kinds: string[]) =>
    manifests.find(({ kind, metadata }) => kinds.includes(kind) && metadata.name === release);
  const workload = named(['StatefulSet', 'Deployment']);
  if (workload === undefined || named(['Service']) === undefined) {
    throw refusal(
      `chart ${chart.name} does not create a StatefulSet or Deployment and a Service named ${release}, which the platform needs`,
    );
  }
  const labels = workload.metadata.labels;
  if (labels?.['app'] !== 'vcluster' || labels['release'] !== release) {
    throw refusal(
      `chart ${chart.name} does not label its workload app=vcluster,release=${release}, which the platform needs`,
    );
  }
}

function refusal(message: string): PlatformError {
  return new PlatformError('chart_failed', message.slice(0, 600), { details: lastingFailure });
}

/**
 * What `rules` would grant beyond `allowed`, as `<verb> <resource>[.<group>]`. `*` grants everything, so it is
 * allowed only where `allowed` says `*` too; rules about URLs never are.
 */
export function grantedBeyond(rules: readonly V1PolicyRule[], allowed: readonly V1PolicyRule[]): string[] {
  return rules.flatMap((rule) => [
    ...(rule.nonResourceURLs ?? []).map((url) => `access to ${url}`),
    ...(rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).flatMap((resource) =>
        rule.verbs
          .filter((verb) => !allowed.some((one) => covers(one, group, resource, verb)))
          .map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`),
      ),
    ),
  ]);
}

function covers(
  { apiGroups, resources, verbs }: V1PolicyRule,
  group: string,
  resource: string,
  verb: string,
): boolean {
  return (
    apiGroups?.includes(group) === true && resources?.includes(resource) === true && verbs.includes(verb)
  );
}
