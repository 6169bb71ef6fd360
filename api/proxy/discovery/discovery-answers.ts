import { managementApiVersion, managementGroup, managementVersion } from '../../../contracts/names.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { AnswerChange } from '../computed/changed-answers.ts';
import { type Schema, schemaName } from './schemas.ts';
import { type VirtualResource, virtualResources } from './virtual-resources.ts';

/**
 * How the answer to a request for discovery is changed: it names what the gateway serves besides what the API server has.
 * Undefined for every other request.
 */
export function discoveryChange(method: string, target: KubernetesTarget): AnswerChange | undefined {
  if (target.kind !== 'management' || method !== 'GET') return undefined;
  const change = changes[target.upstreamPath.split('?', 1)[0] ?? ''];
  return change && { whole: (text) => JSON.stringify(change(text)), event: (line) => line };
}

const ofGroup = `/apis/${managementApiVersion}`;
const changes: Readonly<Record<string, (text: string) => object>> = {
  '/apis': (text) => withGroup(JSON.parse(text) as GroupList),
  [ofGroup]: (text) => withResources(JSON.parse(text) as ResourceList),
  [`/openapi/v3${ofGroup}`]: (text) => withSchemas(JSON.parse(text) as OpenApi),
};

interface ResourceList {
  readonly resources: readonly object[];
}

/** `APIResourceList` of the group. */
function withResources(answer: ResourceList): ResourceList {
  const added = virtualResources.map(({ resource, singular, kind, verbs, namespaced = false }) => ({
    name: resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
  }));
  return { ...answer, resources: [...answer.resources, ...added] };
}

interface Discovered {
  readonly resource: string;
  readonly subresources?: readonly object[];
}
interface GroupList {
  readonly kind: string;
  readonly items?: readonly {
    readonly metadata: { readonly name: string };
    readonly versions: readonly { readonly version: string; readonly resources: readonly Discovered[] }[];
  }[];
}

/** `APIGroupDiscoveryList`: all groups with their resources, which kubectl asks for; the plain list of groups stays as it is. */
function withGroup(answer: GroupList): GroupList {
  if (answer.items === undefined) return answer;
  const items = answer.items.map((group) =>
    group.metadata.name === managementGroup
      ? {
          ...group,
          versions: group.versions.map((version) => ({
            ...version,
            resources: withVirtual(version.resources),
          })),
        }
      : group,
  );
  return { ...answer, items };
}

function withVirtual(resources: readonly Discovered[]): Discovered[] {
  const below = (plural: string) =>
    virtualResources
      .filter(({ resource }) => resource.startsWith(`${plural}/`))
      .map(({ resource, kind, verbs }) => ({
        subresource: resource.slice(plural.length + 1),
        responseKind: kindOf(kind),
        verbs,
      }));
  const known = resources.map((one) => {
    const added = below(one.resource);
    return added.length === 0 ? one : { ...one, subresources: [...(one.subresources ?? []), ...added] };
  });
  const own = virtualResources
    .filter(({ resource }) => !resource.includes('/'))
    .map(({ resource, singular, kind, verbs, namespaced }) => ({
      resource,
      responseKind: kindOf(kind),
      scope: namespaced === true ? 'Namespaced' : 'Cluster',
      singularResource: singular,
      verbs,
    }));
  return [...known, ...own];
}

function kindOf(kind: string) {
  return { group: managementGroup, version: managementVersion, kind };
}

interface OpenApi {
  readonly paths: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The group's OpenAPI document: what `kubectl explain` reads. */
function withSchemas(answer: OpenApi): OpenApi {
  const paths = Object.fromEntries(virtualResources.flatMap((one) => pathsOf(one)));
  const schemas = Object.fromEntries(virtualResources.map((one) => [schemaName(one.kind), schemaOf(one)]));
  return {
    ...answer,
    paths: { ...answer.paths, ...paths },
    components: { ...answer.components, schemas: { ...answer.components.schemas, ...schemas } },
  };
}

function schemaOf({ kind, description, properties }: VirtualResource): Schema {
  const reference = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
  return {
    type: 'object',
    description,
    properties: {
      apiVersion: { type: 'string', description: managementApiVersion },
      kind: { type: 'string', description: kind },
      metadata: { description: "Standard object's metadata", allOf: [reference] },
      ...properties,
    },
    'x-kubernetes-group-version-kind': [kindOf(kind)],
  };
}

const methods: Readonly<Record<string, string>> = {
  create: 'post',
  get: 'get',
  list: 'get',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
};

/** Of its collection and of one by its name, or of the subresource. */
function pathsOf({ resource, kind, verbs, description, namespaced }: VirtualResource): [string, object][] {
  const [plural = '', subresource] = resource.split('/');
  const collection = `${ofGroup}/${namespaced === true ? 'namespaces/{namespace}/' : ''}${plural}`;
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } };
  const operation = (verb: string) => ({
    description,
    operationId: `${verb}Management${kind}`,
    'x-kubernetes-action': verb,
    'x-kubernetes-group-version-kind': kindOf(kind),
    ...(verb === 'create' || verb === 'update' || verb === 'patch' ? { requestBody: { content } } : {}),
    responses: { 200: { description: 'OK', content } },
  });
  const pathOf = (path: string, own: readonly string[]): [string, object][] => {
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const operations = Object.fromEntries(own.map((verb) => [methods[verb], operation(verb)]));
    return own.length === 0
      ? []
      : [[path, { ...operations, ...(parameters.length === 0 ? {} : { parameters }) }]];
  };
  if (subresource !== undefined) return pathOf(`${collection}/{name}/${subresource}`, verbs);
  const ofAll: readonly string[] = verbs.filter((verb) => verb === 'create' || verb === 'list');
  return [
    ...pathOf(collection, ofAll),
    ...pathOf(
      `${collection}/{name}`,
      verbs.filter((verb) => !ofAll.includes(verb)),
    ),
  ];
}
