import type { KubeConfig } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { requestJson } from './request.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const webhookKinds = {
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
} as const;
const mutating = {
  ...webhookKinds,
  MutatingAdmissionPolicy: 'mutatingadmissionpolicies',
} as const;

interface Configuration {
  readonly metadata: { readonly name: string };
  readonly webhooks?: readonly Webhook[];
}

interface Webhook {
  readonly name: string;
  readonly failurePolicy?: string;
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly operations?: readonly string[];
  }[];
}

/**
 * `failure` of a write of RBAC with what its own words leave out: the configuration that a webhook stands in, the webhooks
 * that a write which was never answered may have waited for, and who may have changed what was written. Reads need no
 * admission, so this can be asked where nothing can be written. Any other failure stays as it is.
 */
export async function explainRefusal(kubeConfig: KubeConfig, failure: unknown): Promise<unknown> {
  if (!(failure instanceof PlatformError)) return failure;
  try {
    const { reason, name } = (failure.details ?? {}) as { reason?: string; name?: string };
    if (failure.code === 'cluster_unreachable') return await explainSilence(kubeConfig, failure);
    if (failure.code !== 'admission_refused') return failure;
    if (reason === 'Rewritten') return await namingMutators(kubeConfig, failure);
    if (name === undefined || !reason?.startsWith('Webhook')) return failure;
    const found = (await listWebhooks(kubeConfig)).find(({ webhook }) => webhook.name === name);
    return found === undefined ? failure : withMessage(failure, nameConfiguration(failure.message, found));
  } catch {
    return failure; // who cannot be asked cannot explain
  }
}

/** What of RBAC has waited for an answer longer than we do: the API server answers reads, and webhooks may hold the write. */
async function explainSilence(kubeConfig: KubeConfig, failure: PlatformError): Promise<PlatformError> {
  const holding = (await listWebhooks(kubeConfig)).filter(({ webhook }) => holdsRbac(webhook));
  const [first] = holding;
  if (first === undefined) return failure;
  const names = holding.slice(0, 5).map(describe).join(', ');
  return new PlatformError(
    'admission_refused',
    `${failure.message}; the API server answers reads, so the write probably waits for a webhook with failurePolicy Fail: ${names}`,
    { details: { reason: 'WebhookFailed', name: first.webhook.name }, cause: failure },
  );
}

async function namingMutators(kubeConfig: KubeConfig, failure: PlatformError): Promise<PlatformError> {
  const kinds = ['MutatingWebhookConfiguration', 'MutatingAdmissionPolicy'] as const;
  const lists = await Promise.all(
    kinds.map(async (kind) =>
      (await list(kubeConfig, kind)).map(({ metadata }) => `${kind} "${metadata.name}"`),
    ),
  );
  const names = lists.flat();
  if (names.length === 0) return failure;
  return withMessage(failure, `${failure.message}; there are: ${names.slice(0, 5).join(', ')}`);
}

interface FoundWebhook {
  readonly kind: keyof typeof webhookKinds;
  readonly configuration: string;
  readonly webhook: Webhook;
}

async function listWebhooks(kubeConfig: KubeConfig): Promise<FoundWebhook[]> {
  const kinds = Object.keys(webhookKinds) as (keyof typeof webhookKinds)[];
  const lists = await Promise.all(
    kinds.map(async (kind) =>
      (await list(kubeConfig, kind)).flatMap(({ metadata, webhooks = [] }) =>
        webhooks.map((webhook) => ({ kind, configuration: metadata.name, webhook })),
      ),
    ),
  );
  return lists.flat();
}

/** None of a kind that this version of Kubernetes does not serve. */
async function list(kubeConfig: KubeConfig, kind: keyof typeof mutating): Promise<readonly Configuration[]> {
  try {
    const answer = await requestJson(kubeConfig, {
      path: `${group}/${mutating[kind]}`,
      signal: AbortSignal.timeout(4_000),
    });
    return (answer as { items: Configuration[] }).items;
  } catch (error) {
    if (kind === 'MutatingAdmissionPolicy') return [];
    throw error;
  }
}

function holdsRbac({ failurePolicy = 'Fail', rules = [] }: Webhook): boolean {
  const concerns = (one: NonNullable<Webhook['rules']>[number]) =>
    one.apiGroups?.some((name) => name === '*' || name === 'rbac.authorization.k8s.io') === true;
  return failurePolicy === 'Fail' && rules.some(concerns);
}

function describe({ kind, configuration, webhook }: FoundWebhook): string {
  return `"${webhook.name}" of ${kind} "${configuration}"`;
}

function nameConfiguration(message: string, found: FoundWebhook): string {
  const quoted = `"${found.webhook.name}"`;
  return message.replace(quoted, () => describe(found));
}

function withMessage({ code, details, cause }: PlatformError, message: string): PlatformError {
  return new PlatformError(code, message, { ...(details === undefined ? {} : { details }), cause });
}
