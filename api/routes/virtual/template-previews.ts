import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { previewValues, type PreviewRequest } from '../../../adapters/helm/preview-values.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion, projectNamespace } from '../../../contracts/names.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { hostNamespaceOf } from '../../../domain/placement/host-namespace.ts';
import { isClusterAllowed } from '../../../domain/placement/placement.ts';
import { requiresTemplate } from '../../../domain/projects/project-policy.ts';
import { isTemplateAllowed } from '../../../domain/instance-templates/template-choice.ts';
import { resolveTemplate } from '../../../domain/instance-templates/template-version.ts';
import { loftContext, type Surroundings } from '../../../templates/template-context.ts';
import type { Gateway } from '../../gateway.ts';
import { createCallerTurns } from '../../http/caller-turns.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';

/** They become arguments of Helm. */
const name = Type.Optional(Type.String({ maxLength: 63, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' }));
const account = Type.Optional(Type.String({ maxLength: 253 }));
const Spec = Type.Object({
  values: Type.Optional(Type.String()),
  templateRef: Type.Optional(
    Type.Object({ name: Type.String({ maxLength: 253 }), version: Type.Optional(Type.String()) }),
  ),
  parameters: Type.Optional(Type.String()),
  loft: Type.Optional(
    Type.Object({ name, project: name, cluster: name, namespace: name, user: account, team: account }),
  ),
});
type Spec = Static<typeof Spec>;

const path = '/kubernetes/management/apis/management.loft.sh/v1/rendervirtualclustertemplates';

/**
 * `rendervirtualclustertemplates`: what a template would make of parameters, for callers who could make a tenant cluster of it,
 * by the same rules. In place of the values themselves, as in vCluster Platform, a template may be named, which is ours.
 */
export async function templatePreviewRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const inTurn = createCallerTurns();
  app.post(
    path,
    {
      config: { access: 'authenticated', scope: 'kubernetes' },
      schema: { hide: true, body: Type.Object({ spec: Spec }) },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { parameters: _mayHoldPasswords, ...spec } = request.body.spec;
      const wanted = await allowedPreview(gateway, caller, request.body.spec);
      const { previews } = gateway;
      if (previews === undefined)
        throw new PlatformError(
          'toolchain_unavailable',
          'this gateway renders no previews: its configuration names no Helm (previews)',
        );
      const values = await inTurn(`${caller.kind} ${caller.name}`, () => previewValues(previews, wanted));
      return reply.code(201).send({
        apiVersion: managementApiVersion,
        kind: 'RenderVirtualClusterTemplate',
        metadata: { creationTimestamp: null },
        spec,
        status: { values },
      });
    },
  );
}

/** @throws PlatformError `project_not_found`, `template_not_found`, `forbidden`, `invalid_request`, `management_unavailable` */
async function allowedPreview(gateway: Gateway, caller: Caller, spec: Spec): Promise<PreviewRequest> {
  const { values = '', templateRef, parameters = '' } = spec;
  if (templateRef !== undefined && values !== '')
    throw new PlatformError('invalid_request', 'spec has both values and templateRef: set one');
  const project = await projectOf(gateway, caller, spec.loft?.project ?? '');
  const loft = await contextOf(gateway, caller, project, spec);
  if (templateRef === undefined) {
    await mayWriteValues(gateway, caller, project);
    return { values, declared: undefined, parameters, loft };
  }
  if (project === undefined)
    throw new PlatformError('invalid_request', 'spec.loft.project is missing: a project allows templates');
  const resolved = await templateFor(gateway, caller, project, templateRef);
  return {
    values: resolved.definition.helmRelease?.values ?? '',
    declared: resolved.parameters,
    parameters,
    loft,
  };
}

const create = { verb: 'create', resource: 'virtualclusterinstances' };

/** The project in which the caller could make the tenant cluster; undefined if none is named. */
async function projectOf(
  { cache, review }: Gateway,
  { identity }: Caller,
  project: string,
): Promise<Project | undefined> {
  if (project === '') return undefined;
  // Decided before looking whether it exists: the response time must not reveal it.
  const may = await review.allows(identity, { ...create, namespace: projectNamespace(project) });
  const found = cache.projects().find(({ metadata }) => metadata.name === project);
  if (found !== undefined && may) return found;
  const sees = await review.allows(identity, { verb: 'get', resource: 'projects', name: project });
  if (found !== undefined && sees)
    throw new PlatformError('forbidden', `you may not create tenant clusters in project ${project}`);
  throw new PlatformError('project_not_found', `project "${project}" not found, or you may not see it`);
}

/** Values of one's own are an inline template, or of a template that one may write. */
async function mayWriteValues(
  { review }: Gateway,
  { identity }: Caller,
  project: Project | undefined,
): Promise<void> {
  if (project !== undefined && !requiresTemplate(project)) return;
  const author =
    project === undefined
      ? { verb: 'create', resource: 'virtualclustertemplates' }
      : { ...create, subresource: 'restricted', namespace: projectNamespace(project.metadata.name) };
  if (await review.allows(identity, author)) return;
  throw new PlatformError(
    'forbidden',
    project === undefined
      ? 'you may not write templates: name a project in spec.loft.project, and a template in spec.templateRef'
      : `project ${project.metadata.name} requires a template (spec.requireTemplate): set spec.templateRef`,
  );
}

async function templateFor(
  { cache, review }: Gateway,
  { identity }: Caller,
  project: Project,
  { name: template, version }: NonNullable<Spec['templateRef']>,
) {
  if (!isTemplateAllowed('tenant', project, template))
    throw new PlatformError(
      'forbidden',
      `project ${project.metadata.name} does not allow template ${template} (spec.allowedTemplates)`,
    );
  if (!(await review.allows(identity, { verb: 'use', resource: 'virtualclustertemplates', name: template })))
    throw new PlatformError('forbidden', `you may not use template ${template}`);
  const found = cache.template('tenant', template);
  if (found === undefined) throw new PlatformError('template_not_found', `template ${template} not found`);
  const resolved = resolveTemplate(found, version);
  if (resolved !== undefined) return resolved;
  throw new PlatformError(
    'template_not_found',
    `template ${template} does not have version ${version?.slice(0, 60)}`,
  );
}

/** `.Values.loft`. What the caller may not read of it is as if it did not exist. */
async function contextOf(
  gateway: Gateway,
  caller: Caller,
  project: Project | undefined,
  { loft: { name: tenantCluster, cluster = '', namespace, user = '', team = '' } = {} }: Spec,
): Promise<PreviewRequest['loft']> {
  checkCluster(project, cluster);
  const named = { project: project?.metadata.name ?? 'preview', name: tenantCluster || 'preview' };
  const pattern = project?.spec?.namespacePattern?.virtualCluster;
  const hostNamespace = namespace || hostNamespaceOf({ kind: 'tenant', ...named }, pattern);
  return loftContext(
    { ...named, cluster, hostNamespace },
    { spec: { owner: { user, ...(user === '' ? { team } : {}) } } },
    await surroundings(gateway, caller, { cluster, user, team }),
  );
}

function checkCluster(project: Project | undefined, cluster: string): void {
  if (cluster === '' || project === undefined || isClusterAllowed(project, cluster)) return;
  throw new PlatformError(
    'forbidden',
    `project ${project.metadata.name} does not allow cluster ${cluster} (spec.allowedClusters)`,
  );
}

async function surroundings(
  { cache, review }: Gateway,
  { identity, kind, name: own, teams }: Caller,
  { cluster, user, team }: { cluster: string; user: string; team: string },
): Promise<Surroundings> {
  const reads = (resource: string, one: string) =>
    one === '' ? false : review.allows(identity, { verb: 'get', resource, name: one });
  const [seesCluster, seesUser, seesTeam] = await Promise.all([
    reads('clusters', cluster),
    (kind === 'user' && user === own) || reads('users', user),
    teams.includes(team) || reads('teams', team),
  ]);
  return {
    cluster: seesCluster ? cache.clusters().find(({ metadata }) => metadata.name === cluster) : undefined,
    user: seesUser ? cache.user(user) : undefined,
    team: seesTeam ? cache.team(team) : undefined,
  };
}
