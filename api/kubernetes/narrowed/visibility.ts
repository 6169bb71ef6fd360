import { managementGroup } from '../../../contracts/names.ts';
import { PlatformError } from '../../../contracts/errors.ts';
import type { Identity } from '../../auth/identity.ts';
import { actionInScope } from '../../auth/scope-check.ts';
import { type JsonClient, statusMessage } from '../json-request.ts';
import type { NarrowedPlural } from './narrowed-request.ts';

/** What names an object in its kind. */
export interface ObjectPlace {
  readonly namespace?: string;
  readonly name: string;
}

/** Which objects somebody may `get`. The same answers as one SubjectAccessReview for each, by one question for each namespace. */
export interface Visibility {
  /** @throws PlatformError `management_unavailable` */
  filter<T extends ObjectPlace>(
    identity: Identity,
    plural: NarrowedPlural,
    objects: readonly T[],
  ): Promise<T[]>;
}

interface Rule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

const rememberedMs = 2_000;
const maxRemembered = 10_000;
/** Somebody may look at hundreds of namespaces; the management API is not asked about all of them in one moment. */
const atOnce = 16;
/** No namespace is called so: what counts there counts everywhere, which is what cluster-scoped kinds ask for. */
const everywhere = '-';

export function createVisibility(management: JsonClient): Visibility {
  const remembered = new Map<string, { until: number; rules: Promise<readonly Rule[]> }>();

  function rulesIn(identity: Identity, namespace: string): Promise<readonly Rule[]> {
    const key = JSON.stringify([identity.user, identity.groups, namespace]);
    const known = remembered.get(key);
    if (known !== undefined && known.until > performance.now()) return known.rules;
    if (remembered.size >= maxRemembered) remembered.clear();
    const rules = askRules(management, identity, namespace);
    remembered.set(key, { until: performance.now() + rememberedMs, rules });
    rules.catch(() => remembered.delete(key));
    return rules;
  }

  return {
    async filter(identity, plural, objects) {
      const rules = new Map<string, readonly Rule[]>();
      const waiting = [...new Set(objects.map(({ namespace = everywhere }) => namespace))];
      const ask = async () => {
        for (let namespace = waiting.pop(); namespace !== undefined; namespace = waiting.pop())
          rules.set(namespace, await rulesIn(identity, namespace));
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, ask));
      return objects.filter(({ namespace, name }) => {
        const action = {
          verb: 'get',
          resource: plural,
          name,
          ...(namespace === undefined ? {} : { namespace }),
        };
        if (!actionInScope(identity.scope, action)) return false;
        return rules.get(namespace ?? everywhere)?.some((rule) => allowsGet(rule, plural, name)) === true;
      });
    },
  };
}

function allowsGet(rule: Rule, plural: string, name: string): boolean {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  return (
    (verbs.includes('get') || verbs.includes('*')) &&
    (apiGroups.includes(managementGroup) || apiGroups.includes('*')) &&
    (resources.includes(plural) || resources.includes('*')) &&
    (resourceNames.length === 0 || resourceNames.includes(name))
  );
}

/** The rules of RBAC that hold for `identity` in `namespace`, those of the whole cluster among them. */
async function askRules(
  management: JsonClient,
  identity: Identity,
  namespace: string,
): Promise<readonly Rule[]> {
  const answer = await management(identity, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace },
    },
  });
  const { status } = (answer.body ?? {}) as { status?: { resourceRules?: Rule[] } };
  if (answer.status === 201 && status !== undefined) return status.resourceRules ?? [];
  throw new PlatformError(
    'management_unavailable',
    'the management API could not decide what you may see; try again',
    { cause: new Error(statusMessage(answer)) },
  );
}
