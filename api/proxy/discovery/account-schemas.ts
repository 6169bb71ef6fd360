import { flag, list, object, seconds, text } from './schemas.ts';

// Schemas of users, teams, their keys and what they may do, for clients that ask for the OpenAPI document.

export const entity = {
  name: text('Name of the user or team'),
  displayName: text('What to call them'),
  username: text('What they log in with'),
  email: text('Their address'),
  icon: text('Address of their picture'),
};
export const member = object('A user or team', { info: object('Who it is', entity) });
export const keySpec = object('The key', {
  displayName: text('What to call it'),
  description: text('What it is for'),
  disabled: flag('It opens nothing while this is true'),
  key: text('The key itself: only in the answer to its creation'),
  ttl: seconds('From its creation; 0: it does not expire'),
  type: text('User or Other; Login of one that came of a login'),
  scope: { type: 'object', description: 'What it opens at most; everything, if left out' },
  user: text('Its owner'),
  team: text('Its owner, of a key of a team'),
});
export const key = object('An access key', { spec: keySpec });
export const question = {
  resourceAttributes: object('A verb on a resource', {
    verb: text('get, list, create, use, …'),
    group: text('Its API group; management.loft.sh'),
    version: text('Of the group'),
    resource: text('Its plural'),
    subresource: text('Below it'),
    namespace: text('Where; all, if left out'),
    name: text('Which; any, if left out'),
  }),
  nonResourceAttributes: object('A verb on a path', { verb: text('get, …'), path: text('Of the URL') }),
};
export const decision = object('The answer', { allowed: flag('Whether it is'), reason: text('Why') });

const named = { name: text('Its name'), displayName: text('What to call it') };
const assignedVia = object('By what', {
  ...named,
  kind: text('User or Team'),
  owner: flag('As the owner'),
});
export const permissions = {
  teamMemberships: list('Teams', object('A team', named)),
  projectMemberships: list(
    'Projects',
    object('A project', {
      ...named,
      role: object('Role there', { ...named, isAdmin: flag('Whether it administers the project') }),
      assignedVia,
    }),
  ),
  managementRoles: list('Roles in the management API', object('A role', { ...named, assignedVia })),
};
