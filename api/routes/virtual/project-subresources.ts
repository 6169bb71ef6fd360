import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { kindNames, type ManagedKind, type TemplatePlural } from '../../../contracts/kinds.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import type { ObjectMeta } from '../../../contracts/resources/object-meta.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import { isClusterAllowed } from '../../../domain/placement/placement.ts';
import { defaultTemplate, isTemplateAllowed } from '../../../domain/instance-templates/template-choice.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';
import { withComputed } from '../../proxy/computed/computed-objects.ts';
import { hideFrom } from '../../proxy/filtered/hiding.ts';
import type { Shown } from '../../proxy/filtered/reader.ts';
import { projectMembers } from './project-members.ts';

type Route = FastifyRequest<{ Params: { name: string } }>;
type Allowed = TemplatePlural | 'clusters';

const base = '/kubernetes/management/apis/management.loft.sh/v1/projects/:name';
const options = { config: { access: 'authenticated', scope: 'kubernetes' }, schema: { hide: true } } as const;

/**
 * `projects/{name}/templates`, `/clusters`, `/members`: what a project allows and who is in it, whole, as far as the caller may
 * use or see it.
 */
export async function projectSubresourceRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  app.get(`${base}/templates`, options, async (request: Route) => {
    const { caller, project } = await asked(gateway, request, 'templates');
    const [ofTenantClusters, ofSpaces] = await Promise.all([
      templatesFor(gateway, caller, project, 'tenant'),
      templatesFor(gateway, caller, project, 'space'),
    ]);
    return {
      ...headOf('ProjectTemplates', project),
      ...(ofTenantClusters.byDefault && { defaultVirtualClusterTemplate: ofTenantClusters.byDefault }),
      virtualClusterTemplates: ofTenantClusters.usable,
      ...(ofSpaces.byDefault && { defaultSpaceTemplate: ofSpaces.byDefault }),
      spaceTemplates: ofSpaces.usable,
    };
  });
  app.get(`${base}/clusters`, options, async (request: Route) => {
    const { caller, project } = await asked(gateway, request, 'clusters');
    const allowed = gateway.cache
      .objects('clusters')
      .filter(({ metadata }) => isClusterAllowed(project, metadata.name));
    const clusters = await shownTo(gateway, caller, 'clusters', 'get', allowed);
    return { ...headOf('ProjectClusters', project), clusters };
  });
  app.get(`${base}/members`, options, async (request: Route) => {
    const { caller, project } = await asked(gateway, request, 'members');
    return { ...headOf('ProjectMembers', project), ...(await projectMembers(gateway, caller, project)) };
  });
}

/**
 * The project that a request names, if its caller may read this of it.
 * @throws PlatformError `project_not_found` for callers who may not even see the project, `forbidden`, `management_unavailable`
 */
async function asked(
  { cache, review }: Pick<Gateway, 'cache' | 'review'>,
  request: Route,
  subresource: string,
): Promise<{ caller: Caller; project: Project }> {
  const caller = callerOf(request);
  const { name } = request.params;
  const action = { verb: 'get', resource: 'projects', name };
  // Decided before looking whether it exists: the response time must not reveal it.
  const mayRead = await review.allows(caller.identity, { ...action, subresource });
  const project = cache.projects().find(({ metadata }) => metadata.name === name);
  if (project !== undefined && mayRead) return { caller, project };
  if (project !== undefined && (await review.allows(caller.identity, action)))
    throw new PlatformError('forbidden', `you may see project ${name}, but not its ${subresource}`);
  throw new PlatformError('project_not_found', `project "${name}" not found, or you may not see it`);
}

/** The templates of a kind that the project allows and the caller may use, and its default if it is one of them. */
async function templatesFor(
  gateway: Gateway,
  caller: Caller,
  project: Project,
  kind: ManagedKind,
): Promise<{ usable: Shown[]; byDefault: string | undefined }> {
  const { plural } = kindNames[kind].templates;
  const allowed = gateway.cache
    .objects(plural)
    .filter(({ metadata }) => isTemplateAllowed(kind, project, metadata.name));
  const usable = await shownTo(gateway, caller, plural, 'use', allowed);
  const name = defaultTemplate(kind, project);
  return { usable, byDefault: usable.some(({ metadata }) => metadata.name === name) ? name : undefined };
}

/** Those of `objects` with which the caller may do `verb`, by name, as a list would show them. */
async function shownTo(
  { review, usage }: Pick<Gateway, 'review' | 'usage'>,
  { identity }: Caller,
  plural: Allowed,
  verb: string,
  objects: readonly { readonly metadata: ObjectMeta }[],
): Promise<Shown[]> {
  const visible = await review.filter(identity, objects, ({ metadata: { name } }) => ({
    verb,
    resource: plural,
    name,
  }));
  const { kind } = resourceKinds[plural];
  const whole = visible
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map((object): Shown => ({ apiVersion: managementApiVersion, ...object, kind }));
  const shown = await hideFrom(review, identity, plural, whole);
  return shown.map((object) => withComputed({ review, usage, identity }, plural, object));
}

function headOf(kind: string, { metadata: { name } }: Project) {
  return { apiVersion: managementApiVersion, kind, metadata: { name, creationTimestamp: null } };
}
