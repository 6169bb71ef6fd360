import { PlatformError } from '../../contracts/errors.ts';
import { fromHeaderText } from '../http/header-text.ts';
import { identityFault } from '../identity/identity.ts';

const forbidden =
  /^(authorization|proxy-authorization|cookie2?|connection|upgrade|transfer-encoding|x-remote-.*|x-forwarded-.*)$/;

/**
 * The second look, where the bytes leave, at what the header builder made: exactly one user, no reserved
 * identity, nothing else that a Kubernetes API takes an identity from. Shares no code with the builder.
 * @param headers flat list of names and values
 * @throws PlatformError `internal`; nothing was sent
 */
export function checkOutgoingHeaders(headers: readonly string[]): void {
  const users: string[] = [];
  const groups: string[] = [];
  const originals: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const lower = (headers[index] as string).toLowerCase();
    const name = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
    const value = headers[index + 1];
    if (value === undefined || /[\r\n\0]/.test(value) || /[\r\n\0]/.test(name)) refuse('a malformed header');
    else if (name === 'impersonate-user') users.push(nameIn(value));
    else if (name === 'impersonate-group') groups.push(nameIn(value));
    else if (name === 'impersonate-extra-vcluster-platform.io%2foriginal-user') originals.push(nameIn(value));
    else if (name.startsWith('impersonate')) refuse('a foreign impersonation header');
    else if (forbidden.test(name)) refuse(`the header ${name}`);
  }
  if (users.length !== 1) refuse(`${users.length} users`);
  if (originals.length > 1) refuse(`${originals.length} original users`);
  const [originalUser] = originals;
  const fault = identityFault({
    user: users[0] as string,
    groups,
    ...(originalUser === undefined ? {} : { originalUser }),
  });
  if (fault !== undefined) refuse(fault);
}

/** The name as the API server will read it. */
function nameIn(value: string): string {
  return fromHeaderText(value) ?? refuse('a name that is not UTF-8');
}

function refuse(what: string): never {
  throw new PlatformError('internal', 'the request was not sent: its identity failed the final check', {
    cause: new Error(`outgoing request rejected: ${what}`),
  });
}
