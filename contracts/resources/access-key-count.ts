import { Type } from 'typebox';
import { openObject } from './open-object.ts';

/** Keys that a user or team may have, besides logins, unless the configuration says otherwise. */
export const defaultAccessKeysPerOwner = 100;

/** `status.accessKeys` of users and teams: what the policy on access keys bounds. */
export const AccessKeyCount = openObject({
  count: Type.Integer({ description: 'Access keys besides logins' }),
  most: Type.Integer({ description: 'As many as there may be' }),
});
