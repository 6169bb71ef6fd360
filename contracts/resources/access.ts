import { type Static, Type } from 'typebox';
import { openObject } from './open-object.ts';

/** Owner of a resource: a user or a team. */
export const UserOrTeam = openObject(
  { user: Type.Optional(Type.String()), team: Type.Optional(Type.String()) },
  {
    rules: [
      {
        rule: "(has(self.user) && self.user != '') != (has(self.team) && self.team != '')",
        message: 'an owner is exactly one of user and team',
      },
    ],
  },
);
export type UserOrTeam = Static<typeof UserOrTeam>;

/** Grant on one object; `*` in a list means all. */
export const Access = openObject({
  name: Type.Optional(Type.String()),
  verbs: Type.Optional(Type.Array(Type.String())),
  subresources: Type.Optional(Type.Array(Type.String())),
  users: Type.Optional(Type.Array(Type.String())),
  teams: Type.Optional(Type.Array(Type.String())),
});
export type Access = Static<typeof Access>;

export const InstanceAccessRule = openObject({
  users: Type.Optional(Type.Array(Type.String())),
  teams: Type.Optional(Type.Array(Type.String())),
  clusterRole: Type.Optional(Type.String()),
});
export type InstanceAccessRule = Static<typeof InstanceAccessRule>;

/** Roles inside a tenant cluster. All matching rules add up; the default role counts only if none matches. */
export const InstanceAccess = openObject({
  defaultClusterRole: Type.Optional(Type.String()),
  rules: Type.Optional(Type.Array(InstanceAccessRule)),
});
export type InstanceAccess = Static<typeof InstanceAccess>;
