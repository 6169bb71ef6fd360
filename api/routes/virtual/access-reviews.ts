import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import { scopeAllows } from '../../../domain/keys/key-scope.ts';
import type { RbacQuestion } from '../../../domain/access/rbac.ts';
import { readsOwnAccount } from '../../authorization/own-account.ts';
import { actionInScope } from '../../authorization/scope-check.ts';
import type { Gateway } from '../../gateway.ts';
import type { Caller } from '../../identity/caller.ts';
import { callerOf } from '../../plugins/access.ts';
import { actionOf, listsFiltered, meantBy } from '../../proxy/filtered/self-review.ts';
import { secretAllows } from '../../secrets/secret-access.ts';

const text = Type.Optional(Type.String({ maxLength: 1024 }));
const question = {
  resourceAttributes: Type.Optional(
    Type.Object({
      verb: text,
      group: text,
      version: text,
      resource: text,
      subresource: text,
      namespace: text,
      name: text,
    }),
  ),
  nonResourceAttributes: Type.Optional(Type.Object({ verb: text, path: text })),
};
const SelfBody = Type.Object({ spec: Type.Object(question) });
const Body = Type.Object({
  spec: Type.Object({
    ...question,
    user: text,
    groups: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 1000 })),
  }),
});
type Spec = Static<typeof SelfBody>['spec'];

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const config = { access: 'authenticated', scope: 'kubernetes' } as const;

/**
 * `selfsubjectaccessreviews` and `subjectaccessreviews` of management.loft.sh, which vCluster Platform's clients ask in place of
 * Kubernetes' own: by the same RBAC, and about oneself with what the gateway does beyond it.
 */
export async function accessReviewRoutes(instance: FastifyInstance, gateway: Gateway): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.post(
    `${base}/selfsubjectaccessreviews`,
    { config, schema: { hide: true, body: SelfBody } },
    async (request, reply) => {
      const { spec } = request.body;
      const allowed = await maySelf(gateway, callerOf(request), spec);
      return reply.code(201).send(reviewOf('SelfSubjectAccessReview', spec, allowed));
    },
  );
  app.post(
    `${base}/subjectaccessreviews`,
    { config, schema: { hide: true, body: Body } },
    async (request, reply) => {
      const { spec } = request.body;
      const { user = '', groups = [] } = spec;
      const may = { verb: 'create', resource: 'subjectaccessreviews' };
      if (!(await gateway.review.allows(callerOf(request).identity, may)))
        throw new PlatformError('forbidden', 'you may not ask what others are allowed to do');
      if (user === '' && groups.length === 0)
        throw new PlatformError('invalid_request', 'spec.user or spec.groups is missing');
      const allowed = await gateway.review.authorizes({ user, groups }, questionOf(spec));
      return reply.code(201).send(reviewOf('SubjectAccessReview', spec, allowed));
    },
  );
}

/** @throws PlatformError `invalid_request`, `management_unavailable` */
async function maySelf(gateway: Gateway, caller: Caller, spec: Spec): Promise<boolean> {
  const asked = questionOf(spec);
  const { scope } = caller.identity;
  if ('path' in asked) {
    const request = { ...asked, resource: undefined };
    return (
      scopeAllows(scope, { target: { kind: 'management' }, request }) &&
      (await gateway.review.authorizes(caller.identity, asked))
    );
  }
  if (!actionInScope(scope, asked)) return false;
  return (
    (await gateway.review.allows(caller.identity, asked)) ||
    readsOwnAccount(caller, asked) ||
    (await secretAllows(gateway, caller.identity, asked)) ||
    (await listsFiltered(gateway, caller, meantBy(spec.resourceAttributes ?? {})))
  );
}

/** @throws PlatformError `invalid_request` for one that asks nothing, or two things */
function questionOf({ resourceAttributes, nonResourceAttributes }: Spec): RbacQuestion {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined))
    throw new PlatformError(
      'invalid_request',
      'spec must have either resourceAttributes or nonResourceAttributes',
    );
  if (resourceAttributes !== undefined) return actionOf(meantBy(resourceAttributes));
  const { verb = '', path = '' } = nonResourceAttributes ?? {};
  return { verb, path };
}

function reviewOf(kind: string, spec: object, allowed: boolean) {
  return {
    apiVersion: managementApiVersion,
    kind,
    metadata: { creationTimestamp: null },
    spec,
    status: { allowed },
  };
}
