import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InstanceAccess } from '../../../contracts/resources/access.ts';
import type { ProjectSpec } from '../../../contracts/resources/project.ts';
import type { UserSpec } from '../../../contracts/resources/user.ts';
import type { VirtualClusterInstanceSpec } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { type TenantAccessInput, tenantGrants } from '../../../domain/access/tenant-grants.ts';
import { tenantIdentities } from '../../../domain/access/tenant-identities.ts';

function input(given: {
  spec?: VirtualClusterInstanceSpec;
  project?: ProjectSpec;
  template?: InstanceAccess;
  users?: Record<string, UserSpec>;
  teams?: Record<string, string[]>;
}): TenantAccessInput {
  return {
    instance: { spec: given.spec ?? {} },
    templateAccess: given.template,
    project: { metadata: { name: 'a' }, spec: given.project ?? {} },
    users: Object.entries(given.users ?? {}).map(([name, spec]) => ({ metadata: { name }, spec })),
    teams: Object.entries(given.teams ?? {}).map(([name, users]) => ({
      metadata: { name },
      spec: { users },
    })),
  };
}
const grants = (given: Parameters<typeof input>[0]) => Object.fromEntries(tenantGrants(input(given)));

describe('tenantGrants', () => {
  it('makes owners and administrators cluster-admin', () => {
    const given = {
      spec: { owner: { user: 'mia' } },
      project: {
        owner: { team: 'leads' },
        members: [
          { name: 'ada', clusterRole: 'loft-management-project-admin' },
          { name: 'joe', clusterRole: 'loft-management-project-user' },
        ],
      },
      users: {
        root: { clusterRoles: [{ name: 'loft-management-admin' }] },
        gone: { clusterRoles: [{ name: 'loft-management-admin' }], disabled: true },
      },
    };
    assert.deepEqual(grants(given), {
      'cluster-admin': ['loft:team:leads', 'loft:user:ada', 'loft:user:mia', 'loft:user:root'],
    });
  });

  it('a project opens to everybody by a user called *, and not by a team of that name', () => {
    const member = (kind: string) => ({
      project: { members: [{ kind, name: '*', clusterRole: 'loft-management-project-admin' }] },
    });
    assert.deepEqual(grants(member('User')), { 'cluster-admin': ['system:authenticated'] });
    assert.deepEqual(grants(member('Team')), { 'cluster-admin': ['loft:team:*'] });
  });

  it('access grants the default role, viewers of the project view, and mere visibility nothing', () => {
    const given = {
      spec: {
        access: [
          { users: ['joe', 'vic'], verbs: ['get', 'use'] },
          { users: ['pam'], verbs: ['get'] },
        ],
      },
      project: { members: [{ name: 'vic', clusterRole: 'loft-management-project-viewer' }] },
    };
    assert.deepEqual(grants(given), { 'cluster-admin': ['loft:user:joe'], view: ['loft:user:vic'] });
  });

  it('matching rules add up, and to be named takes nothing away', () => {
    const given = {
      spec: {
        owner: { user: 'mia' },
        access: [{ users: ['joe'], verbs: ['*'] }],
        extraAccessRules: [
          { users: ['mia', 'eve'], clusterRole: 'loft-cluster-space-admin' },
          { users: ['joe'], clusterRole: 'edit' },
          { users: ['*'], clusterRole: 'view' },
          { users: ['joe'], clusterRole: '../x' },
          { users: [''], clusterRole: 'view' },
        ],
      },
      template: { defaultClusterRole: 'admin', rules: [{ teams: ['ops'], clusterRole: 'edit' }] },
    };
    assert.deepEqual(grants(given), {
      edit: ['loft:team:ops', 'loft:user:joe'],
      view: ['system:authenticated'],
      admin: ['loft:user:joe', 'loft:user:mia'],
      'loft-cluster-space-admin': ['loft:user:eve', 'loft:user:mia'],
    });
  });
});

describe('tenantIdentities', () => {
  const users = {
    mia: { subject: 'mia@x', groups: ['staff'] },
    tom: { subject: 'tom@x' },
    eve: { subject: 'eve@x', groups: ['system:masters'] },
    off: { subject: 'off@x', disabled: true },
    far: { subject: 'far@x' },
  };
  const teams = { ops: ['tom', 'off'], other: ['mia'], alone: ['far'] };

  it('names exactly the identities with access, with all their groups', () => {
    const spec = { owner: { user: 'mia' }, access: [{ teams: ['ops'], verbs: ['use'] }] };
    assert.deepEqual(tenantIdentities(input({ spec, users, teams })), {
      users: ['loft:team:ops', 'mia@x', 'tom@x'],
      groups: ['loft:team:ops', 'loft:team:other', 'loft:user:mia', 'loft:user:tom', 'staff'],
    });
  });

  it('names all enabled, unreserved identities where all have access', () => {
    const spec = { access: [{ users: ['*'], verbs: ['use'] }] };
    const names = tenantIdentities(input({ spec, users, teams }));
    assert.ok(names.users.includes('far@x'));
    assert.ok(!names.users.includes('off@x'));
    assert.ok(!names.groups.includes('system:masters'));
  });
});
