import {
  bearer,
  type Expected,
  headersCase,
  type IdentityCase,
  rows,
  spdy,
  webSocket,
} from './identity-case.ts';
import { annaKey } from './test-gateway.ts';

const secretNames = [
  'Impersonate-User',
  'Impersonate-Group',
  'Impersonate-Uid',
  'Impersonate-Extra-Scopes',
  'Impersonate-Extra-vcluster-platform.io%2Foriginal-user',
  'Authorization',
  'X-Remote-User',
  'Audit-ID',
];
const oddCase = (name: string) =>
  [...name].map((letter, index) => (index % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase())).join('');
const spellings: [name: string, lines: (header: string) => string[]][] = [
  ['as it is', (header) => [`Connection: ${header}`]],
  ['lower case', (header) => [`connection: ${header.toLowerCase()}`]],
  ['upper case', (header) => [`CONNECTION: ${header.toUpperCase()}`]],
  ['odd case', (header) => [`cOnNeCtIoN: ${oddCase(header)}`]],
  ['in a list', (header) => [`Connection: X-A, ${header},X-B`]],
  ['in a second header', (header) => ['Connection: X-A', `Connection: ${header}`]],
  ['with tabs', (header) => [`Connection:\t${header}\t,\tX-A\t`]],
  ['with empty members', (header) => [`Connection: ,,${header},,`]],
  ['with close', (header) => [`Connection: close, ${header}`]],
  ['with keep-alive', (header) => [`Connection: keep-alive, ${header}`]],
];

/** Headers that `Connection` names. */
export function* connectionCases(): Generator<IdentityCase> {
  for (const header of secretNames) {
    for (const [name, lines] of spellings) {
      yield headersCase(rows.connection, `${header} ${name}`, lines(header), 'identity');
    }
    const folded = [`Connection: keep-alive,\r\n ${header}`];
    yield headersCase(rows.connection, `${header} on a folded line`, folded, 'refused');
  }
  for (const carrier of ['Proxy-Connection', 'Keep-Alive', 'Trailer', 'TE']) {
    yield headersCase(rows.connection, `${carrier} names them`, [`${carrier}: Impersonate-User`], 'identity');
  }
  for (const header of secretNames) {
    for (const [protocol, lines] of [
      ['SPDY', spdy],
      ['WebSocket', webSocket],
    ] as const) {
      const list = lines.map((line) => line.replace('Connection: Upgrade', `Connection: Upgrade, ${header}`));
      yield headersCase(rows.upgradeConnection, `${protocol}, ${header} in the list`, list, 'identity');
      const second = [`connection:\t${oddCase(header)}`, ...lines];
      yield headersCase(
        rows.upgradeConnection,
        `${protocol}, ${header} in a second header`,
        second,
        'identity',
      );
    }
  }
}

/** Impersonation that nobody may have. */
export function* impersonationCases(): Generator<IdentityCase> {
  const { impersonate, groups, uid } = rows;
  const users = ['Impersonate-User', 'impersonate-user', 'IMPERSONATE-USER', 'iMpErSoNaTe-uSeR'];
  for (const header of users) yield headersCase(impersonate, header, [`${header}: system:admin`], 'refused');
  const odd: [string, string[]][] = [
    ['with underscores', ['Impersonate_User: system:admin']],
    ['with one underscore', ['Impersonate_User: anna@example.com']],
    ['twice', ['Impersonate-User: a', 'Impersonate-User: b']],
    ['empty', ['Impersonate-User:']],
    ['of blanks', ['Impersonate-User: \t ']],
    ['padded with a no-break space', ['Impersonate-User: \u00a0system:admin']],
    ['in capitals', ['Impersonate-User: SYSTEM:admin']],
    ['of a service account', ['Impersonate-User: system:serviceaccount:kube-system:default']],
    ['of the gateway itself', ['Impersonate-User: vcluster-platform:gateway']],
    ['of the gateway’s reader', ['Impersonate-User: vcluster-platform:gateway-reader']],
    ['without a name', ['Impersonate: system:admin']],
    ['joined', ['Impersonate-Joined-Group: system:masters']],
    ['with a space before the colon', ['Impersonate-User : system:admin']],
    ['with a tab before the colon', ['Impersonate-User\t: system:admin']],
    ['on a folded line', ['X-Nothing: a\r\n\tImpersonate-User: system:admin']],
    ['behind a bare CR', ['X-Nothing: a\rImpersonate-User: system:admin']],
    ['behind a bare LF', ['X-Nothing: a\nImpersonate-User: system:admin']],
    ['behind a NUL', ['X-Nothing: a\0Impersonate-User: system:admin']],
    ['in an upgrade', [...spdy, 'Impersonate-User: system:admin']],
    ['in a WebSocket', [...webSocket, 'Impersonate-User: system:admin']],
    ['named by Connection too', ['Impersonate-User: system:admin', 'Connection: Impersonate-User']],
  ];
  for (const [name, lines] of odd) yield headersCase(impersonate, name, lines, 'refused');
  const user = 'Impersonate-User: bob';
  const groupLines: [string, string[]][] = [
    ['system:masters beside a user', [user, 'Impersonate-Group: system:masters']],
    ['system:masters alone', ['Impersonate-Group: system:masters']],
    ['two spellings', [user, 'Impersonate-Group: devs', 'impersonate-GROUP: system:masters']],
    ['system:nodes', [user, 'Impersonate-Group: system:nodes']],
    ['system:authenticated, which everybody has', [user, 'Impersonate-Group: system:authenticated']],
    ['an empty group', [user, 'Impersonate-Group:']],
    ['with underscores', [user, 'Impersonate_Group: devs']],
    ['in an upgrade', [...spdy, user, 'Impersonate-Group: system:masters']],
  ];
  for (const [name, lines] of groupLines) yield headersCase(groups, name, lines, 'refused');
  const extra: [string, string[]][] = [
    ['Impersonate-Uid', ['Impersonate-Uid: 0']],
    ['Impersonate-Uid beside a user', [user, 'Impersonate-Uid: 0']],
    ['Impersonate-Extra-Scopes', ['Impersonate-Extra-Scopes: all']],
    ['Impersonate-Extra-%2F', ['Impersonate-Extra-%2F: all']],
    ['Impersonate-Extra- without a key', [user, 'Impersonate-Extra-: all']],
    ['a forged original user', [user, 'Impersonate-Extra-vcluster-platform.io%2Foriginal-user: carl']],
    ['a forged original user alone', ['Impersonate-Extra-vcluster-platform.io%2foriginal-user: carl']],
    ['Impersonate_Extra_Scopes', ['Impersonate_Extra_Scopes: all']],
    ['in an upgrade', [...spdy, 'Impersonate-Uid: 0']],
  ];
  for (const [name, lines] of extra) yield headersCase(uid, name, lines, 'refused');
}

/** Headers that must not travel on, and credentials. */
export function* strippedCases(): Generator<IdentityCase> {
  const remote = [
    'X-Remote-User',
    'x-remote-user',
    'X_Remote_User',
    'X-Remote_Group',
    'X-REMOTE-GROUP',
    'X-Remote-Uid',
    'X-Remote-Extra-Scopes',
    'x_remote_extra_scopes',
  ];
  for (const header of remote) {
    yield headersCase(rows.frontProxy, header, [`${header}: system:masters`], 'identity');
    yield headersCase(
      rows.frontProxy,
      `${header} in an upgrade`,
      [...spdy, `${header}: system:masters`],
      'identity',
    );
  }
  const forwarded = [
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Host: evil',
    'X-Forwarded-Proto: http',
    'X-Forwarded-User: admin',
    'X_Forwarded_Groups: admins',
    'X-Forwarded-Client-Cert: a',
    'Forwarded: for=127.0.0.1;host=evil',
    'X-Real-IP: 127.0.0.1',
    'X-Original-URL: /api/v1/secrets',
    'X-Rewrite-URL: /api/v1/secrets',
    'Via: 1.1 a',
    'X-Original-Method: DELETE',
  ];
  for (const line of forwarded) yield headersCase(rows.forwarded, line, [line], 'identity');
  const stripped = [
    'Cookie: loft_impersonate_subject=admin',
    'Cookie2: a',
    'Proxy-Authorization: Basic d29ya2VyOng=',
    'Proxy_Authorization: Basic d29ya2VyOng=',
    'Audit-ID: mine',
    'X-Request-Id: mine',
  ];
  for (const line of stripped) yield headersCase(rows.credentials, line, [line], 'identity');
  const keys: [string, string, Expected][] = [
    ['no key', '', 'refused'],
    ['a lower-case scheme', `authorization: bearer ${annaKey}`, 'identity'],
    ['Basic', 'Authorization: Basic YW5uYTp4', 'refused'],
    ['two keys in one header', `${bearer}, Bearer other`, 'refused'],
    ['two headers', `${bearer}\r\nAuthorization: Bearer other`, 'refused'],
    ['two equal headers', `${bearer}\r\n${bearer}`, 'refused'],
    ['an unknown key', 'Authorization: Bearer unknown', 'refused'],
    ['an underscore', `Authorization_: Bearer ${annaKey}`, 'refused'],
    ['the key in the query only', 'X-Nothing: a', 'refused'],
    ['a key with a line break inside', `Authorization: Bearer\r\n ${annaKey}`, 'refused'],
  ];
  for (const [name, key, expected] of keys) {
    yield headersCase(rows.credentials, name, [], expected, { key });
    yield headersCase(rows.credentials, `${name}, upgrade`, spdy, expected, { key });
  }
}

/** Users of the gateway's cache whose keys `key-<name>` must open nothing. */
export const reservedOwners: Record<string, { subject?: string; groups?: string[] }> = {
  'owner-a': { subject: 'system:admin' },
  'owner-b': { subject: 'SYSTEM:kube-controller-manager' },
  'owner-c': { subject: 'vcluster-platform:gateway-reader' },
  'owner-d': { groups: ['system:masters'] },
  'owner-e': { groups: ['devs', 'System:Masters'] },
  'owner-f': { groups: ['system:serviceaccounts'] },
  'owner-g': { groups: ['loft:user:anna'] },
  'owner-i': { groups: ['loft:admins'] },
  'owner-j': { subject: 'sys\u200btem:admin' },
  'owner-h': { groups: ['\uff53ystem:masters'] },
};

/** Keys of owners with reserved identities. */
export function* reservedCases(): Generator<IdentityCase> {
  for (const name of Object.keys(reservedOwners)) {
    const key = `Authorization: Bearer key-${name}`;
    yield headersCase(rows.reserved, name, [], 'refused', { key });
    yield headersCase(rows.reserved, `${name}, upgrade`, spdy, 'refused', { key });
  }
}
