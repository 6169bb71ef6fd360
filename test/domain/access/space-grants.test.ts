import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceAccess } from '../../../contracts/resources/access.ts';
import type { ProjectSpec } from '../../../contracts/resources/project.ts';
import type { SpaceInstanceSpec } from '../../../contracts/resources/space-instance.ts';
import { spaceGrants } from '../../../domain/access/space-grants.ts';

const granted = (spec: SpaceInstanceSpec, project: ProjectSpec = {}, access?: InstanceAccess) => {
  const { grants, refused } = spaceGrants({ metadata: { name: 'a' }, spec }, access, {
    metadata: { name: 'p' },
    spec: project,
  });
  return { ...Object.fromEntries(grants), ...(refused.length === 0 ? {} : { refused }) };
};
const member = (name: string, role: string) => ({ name, clusterRole: `loft-management-project-${role}` });

test('the access of a template gives the default role and further ones', () => {
  const access = { defaultClusterRole: 'edit', rules: [{ teams: ['watch'], clusterRole: 'view' }] };
  assert.deepEqual(granted({ owner: { user: 'ann' } }, {}, access), {
    edit: ['loft:user:ann'],
    view: ['loft:team:watch'],
  });
  const owner = { user: 'ann' };
  assert.deepEqual(granted({ owner }, {}, { defaultClusterRole: 'cluster-admin' }), {
    refused: ['cluster-admin'],
  });
});

test('owner, owners and administrators of the project get the default role, other members nothing', () => {
  const project = {
    owner: { team: 'leads' },
    members: [member('ada', 'admin'), member('uma', 'user'), member('vic', 'viewer')],
  };
  assert.deepEqual(granted({ owner: { user: 'anna' } }, project), {
    'loft-cluster-space-admin': ['loft:team:leads', 'loft:user:ada', 'loft:user:anna'],
  });
});

test('access rules add up, and to be named takes nothing away', () => {
  const rules = [
    { users: ['anna', 'bob'], clusterRole: 'view' },
    { users: ['bob'], teams: ['devs'], clusterRole: 'edit' },
  ];
  assert.deepEqual(granted({ owner: { user: 'anna' }, extraAccessRules: rules }), {
    view: ['loft:user:anna', 'loft:user:bob'],
    edit: ['loft:team:devs', 'loft:user:bob'],
    'loft-cluster-space-admin': ['loft:user:anna'],
  });
});

test('spec.access grants the default role, and viewers of the project may read', () => {
  const access = [{ verbs: ['get', 'use'], users: ['uma', 'vic'] }];
  assert.deepEqual(granted({ access }, { members: [member('vic', 'viewer')] }), {
    'loft-cluster-space-admin': ['loft:user:uma'],
    view: ['loft:user:vic'],
  });
});

test('roles that the platform may not bind in a space are reported and not granted', () => {
  const extraAccessRules = [{ users: ['bob'], clusterRole: 'cluster-admin' }];
  assert.deepEqual(granted({ extraAccessRules }), { refused: ['cluster-admin'] });
});
