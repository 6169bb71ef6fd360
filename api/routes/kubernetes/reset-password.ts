import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import type { User } from '../../../contracts/resources/user.ts';
import type { Gateway } from '../../gateway.ts';
import { hasBody } from '../../http/has-body.ts';
import { fieldOf, fieldsOf, protobufObject } from '../../http/protobuf-fields.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { wholeBody } from '../../http/whole-body.ts';
import type { Caller } from '../../identity/caller.ts';
import { readerIdentity } from '../../identity/identity.ts';
import { endLogins } from '../virtual/end-logins.ts';

const secrets = /^\/api\/v1\/namespaces\/([a-z0-9-]+)\/secrets(?:\/([a-z0-9.-]+))?$/;

/** Where a user's password would be, as `spec.passwordRef` says it. */
interface PasswordSecret {
  readonly namespace: string;
  readonly name: string;
}

/**
 * `vcluster platform reset password` writes the Secret that `passwordRef` of a user names, with the SHA-256 of the password in it. No one
 * may write that Secret: for callers who may change how users log in (verb `bind`), a new Secret of that name is taken as the
 * new password, which is kept hashed as any other; the user's keys and sessions end. Reading it finds none, whether or not it is there.
 * @returns whether it was answered; the body, if it was read and is to be sent on
 * @throws PlatformError `forbidden` for one's own password, which needs the present one; `invalid_request`, `management_unavailable`
 */
export async function servePasswordSecret(
  gateway: Gateway,
  caller: Caller,
  request: FastifyRequest,
  reply: FastifyReply,
  target: KubernetesTarget,
): Promise<{ isServed: boolean; body?: Buffer }> {
  const asked = askedSecret(request.method, target);
  if (asked === undefined || caller.identity.originalUser !== undefined) return { isServed: false };
  if (!(await gateway.review.allows(caller.identity, { verb: 'bind', resource: 'users' })))
    return { isServed: false };
  const { namespace, name } = asked;
  if (name !== undefined) {
    if ((await usersWith(gateway, { namespace, name })).length === 0) return { isServed: false };
    throw new PlatformError('not_found', `secrets "${name}" not found`);
  }
  if (!hasBody(request.raw)) return { isServed: false };
  const body = await wholeBody(request.raw);
  const given = secretIn(body);
  const [user, ...more] =
    given === undefined ? [] : await usersWith(gateway, { namespace, name: given.name });
  if (given === undefined || user === undefined) return { isServed: false, body };
  if (more.length > 0)
    throw new PlatformError('conflict', `several users name Secret ${given.name} as their password's`);
  await reset(gateway, caller, user, given.data);
  const metadata = { name: given.name, namespace, creationTimestamp: new Date().toISOString() };
  await reply
    .code(201)
    .header('cache-control', 'no-store')
    .send({ apiVersion: 'v1', kind: 'Secret', metadata });
  return { isServed: true };
}

/** The Secret that is read, or the namespace where one is made. */
function askedSecret(
  method: string,
  { kind, upstreamPath }: KubernetesTarget,
): { namespace: string; name: string | undefined } | undefined {
  const [, namespace, name] = secrets.exec(upstreamPath.split('?', 1)[0] ?? '') ?? [];
  const isAsked = method === 'POST' ? name === undefined : method === 'GET' && name !== undefined;
  return kind === 'management' && namespace !== undefined && isAsked ? { namespace, name } : undefined;
}

async function reset(
  gateway: Gateway,
  caller: Caller,
  user: User,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { name } = user.metadata;
  // A leaked key must not be enough to take over the account.
  if (caller.kind === 'user' && caller.name === name)
    throw new PlatformError(
      'forbidden',
      `your own password is changed with the present one: POST users/${name}/profile`,
    );
  const value = data[user.spec?.passwordRef?.key ?? ''];
  const digest = typeof value === 'string' ? Buffer.from(value, 'base64').toString('latin1') : '';
  if (!/^[0-9a-f]{64}$/.test(digest))
    throw new PlatformError(
      'invalid_request',
      `the Secret of a password has its SHA-256 in hexadecimal under the key of spec.passwordRef`,
    );
  await gateway.accounts.passwords.setDigest(user, digest);
  await endLogins(gateway, name);
}

/** Asked of the management API: the command line has named the Secret in the user a moment ago. */
async function usersWith({ managementJson }: Gateway, { namespace, name }: PasswordSecret): Promise<User[]> {
  const answer = await managementJson(readerIdentity, {
    method: 'GET',
    path: `/apis/${managementApiVersion}/users`,
  });
  if (answer.status !== 200)
    throw new PlatformError('management_unavailable', 'failed to read the users; try again');
  const { items } = answer.body as { items: User[] };
  return items.filter(({ spec }) => {
    const { secretName, secretNamespace } = spec?.passwordRef ?? {};
    return secretName === name && secretNamespace === namespace;
  });
}

/** What a Secret holds, sent as JSON or as protobuf. */
function secretIn(body: Buffer): { name: string; data: Record<string, unknown> } | undefined {
  try {
    const secret = protobufObject(body);
    if (secret !== undefined) return inProtobuf(secret);
    const { metadata, data } = JSON.parse(body.toString()) as {
      metadata?: { name?: unknown };
      data?: Record<string, unknown> | null;
    };
    return typeof metadata?.name === 'string' ? { name: metadata.name, data: data ?? {} } : undefined;
  } catch {
    return undefined; // the API server says what is wrong with it
  }
}

/** Secret.metadata and its name, and the entries of Secret.data (Kubernetes' generated.proto). */
function inProtobuf(secret: Uint8Array): { name: string; data: Record<string, unknown> } {
  const entries = fieldsOf(secret, 2).map((entry) => [
    Buffer.from(fieldOf(entry, 1)).toString(),
    Buffer.from(fieldOf(entry, 2)).toString('base64'),
  ]);
  return { name: Buffer.from(fieldOf(fieldOf(secret, 1), 1)).toString(), data: Object.fromEntries(entries) };
}
