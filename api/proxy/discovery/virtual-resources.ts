import { secretKinds, secretPlurals } from '../../../contracts/resources/secret-kinds.ts';
import { entity, member, keySpec, key, question, decision, permissions } from './account-schemas.ts';
import { flag, list, object, seconds, stored, text, type Schema } from './schemas.ts';

/** A resource of management.loft.sh that the gateway alone serves (api/routes/virtual/), for clients that ask what there is. */
export interface VirtualResource {
  /** Plural; a subresource behind the plural that it belongs to. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly description: string;
  /** Its fields besides kind, apiVersion and metadata. */
  readonly properties: Readonly<Record<string, Schema>>;
  readonly namespaced?: true;
}

const ownedBy = object('User or team', { user: text('The user'), team: text('Or the team') });
const names = (description: string) => list(description, { type: 'string' });
const secretSpec = object('The secret', {
  displayName: text('What to call it'),
  description: text('What it is for'),
  owner: ownedBy,
  data: {
    type: 'object',
    description: 'Values in base64, by their keys',
    additionalProperties: { type: 'string', format: 'byte' },
  },
  access: list(
    'Who else may do what with it',
    object('Some of them', {
      name: text('What to call the entry'),
      verbs: names('get, update, patch, delete, use; * for all'),
      subresources: names('Not used'),
      users: names('Users; * for everybody'),
      teams: names('Teams'),
    }),
  ),
});

export const virtualResources: readonly VirtualResource[] = [
  {
    resource: 'selves',
    singular: 'self',
    kind: 'Self',
    verbs: ['create', 'get'],
    description: 'Who the platform takes the caller for. Its name is self.',
    properties: {
      spec: object('What is asked', { accessKey: text('Another key of your own to ask about') }),
      status: object('Who it is', {
        user: object('The user', { ...entity, teams: list('Their teams', object('A team', entity)) }),
        team: object('The team, of a key of a team', entity),
        accessKey: text('Name of the key of this request'),
        accessKeyType: text('Its type'),
        subject: text('User name towards Kubernetes'),
        groups: list('Groups towards Kubernetes', { type: 'string' }),
        uid: text('Of the User or Team'),
        loftHost: text('Address of the platform'),
        projectNamespacePrefix: text('What the namespace of a project begins with'),
      }),
    },
  },
  {
    resource: 'ownedaccesskeys',
    singular: 'ownedaccesskey',
    kind: 'OwnedAccessKey',
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'],
    description: "One of the caller's own access keys.",
    properties: { spec: keySpec },
  },
  {
    resource: 'selfsubjectaccessreviews',
    singular: 'selfsubjectaccessreview',
    kind: 'SelfSubjectAccessReview',
    verbs: ['create'],
    description: 'Whether the caller may do something in the management API.',
    properties: { spec: object('What is asked', question), status: decision },
  },
  {
    resource: 'subjectaccessreviews',
    singular: 'subjectaccessreview',
    kind: 'SubjectAccessReview',
    verbs: ['create'],
    description: 'Whether somebody may do something in the management API.',
    properties: {
      spec: object('What is asked', {
        ...question,
        user: text('User name towards Kubernetes'),
        groups: list('Groups towards Kubernetes', { type: 'string' }),
      }),
      status: decision,
    },
  },
  ...secretPlurals.map(
    (plural): VirtualResource => ({
      resource: plural,
      singular: secretKinds[plural].singular,
      kind: secretKinds[plural].kind,
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'],
      description: `A secret of ${plural === 'projectsecrets' ? 'a project' : 'the platform'}. It is kept, and not copied anywhere.`,
      namespaced: true,
      properties: { spec: secretSpec },
    }),
  ),
  {
    resource: 'rendervirtualclustertemplates',
    singular: 'rendervirtualclustertemplate',
    kind: 'RenderVirtualClusterTemplate',
    verbs: ['create'],
    description: 'A preview: what a template would make of parameters. Passwords are replaced.',
    properties: {
      spec: object('What is asked', {
        values: text('The values of a template: YAML, a Go template'),
        templateRef: object('In place of values: a template that the caller may use', {
          name: text('Its name'),
          version: text('A version or pattern; the newest, if left out'),
        }),
        parameters: text('YAML; not in the answer'),
        loft: object('What .Values.loft says', {
          name: text('Of the tenant cluster'),
          project: text('In which it would be made'),
          cluster: text('Connected cluster'),
          namespace: text('Host namespace'),
          user: text('Its owner'),
          team: text('Its owner'),
        }),
      }),
      status: object('The answer', { values: text('YAML') }),
    },
  },
  {
    resource: 'features',
    singular: 'feature',
    kind: 'Feature',
    verbs: ['list'],
    description: 'A feature of a licence. There are none: nothing here needs a licence.',
    properties: {},
  },
  {
    resource: 'announcements',
    singular: 'announcement',
    kind: 'Announcement',
    verbs: ['list'],
    description: 'An announcement of a vendor. There are none.',
    properties: {},
  },
  {
    resource: 'projects/templates',
    singular: '',
    kind: 'ProjectTemplates',
    verbs: ['get'],
    description: 'The templates that the caller may use in the project.',
    properties: {
      defaultVirtualClusterTemplate: text('Used by a tenant cluster that names none'),
      virtualClusterTemplates: list('Of tenant clusters', stored('VirtualClusterTemplate')),
      defaultSpaceTemplate: text('The default of the project'),
      spaceTemplates: list('Of spaces', stored('SpaceTemplate')),
    },
  },
  {
    resource: 'projects/clusters',
    singular: '',
    kind: 'ProjectClusters',
    verbs: ['get'],
    description: 'The connected clusters that the project allows and the caller may see.',
    properties: { clusters: list('Connected clusters', stored('Cluster')) },
  },
  {
    resource: 'projects/members',
    singular: '',
    kind: 'ProjectMembers',
    verbs: ['get'],
    description: 'Who is in the project.',
    properties: { users: list('Users', member), teams: list('Teams', member) },
  },
  {
    resource: 'clusters/accesskey',
    singular: '',
    kind: 'ClusterAccessKey',
    verbs: ['get'],
    description:
      'A new join key for the agent of a connected cluster. It is good for a day and for one agent.',
    properties: {
      accessKey: text('The join key'),
      loftHost: text('Address of the platform, as this request used it'),
      insecure: flag('Whether agents do not check its certificate: false'),
      caCert: text('Certificate authority of the platform, PEM in base64'),
    },
  },
  {
    resource: 'clusters/agentconfig',
    singular: '',
    kind: 'ClusterAgentConfig',
    verbs: ['get'],
    description: 'What the agent of a connected cluster is told.',
    properties: {
      cluster: text('Its name'),
      loftHost: text('Address of the platform, as this request used it'),
      projectNamespacePrefix: text('What the namespace of a project begins with'),
      analyticsSpec: object('Where figures of its use go: nowhere', {}),
    },
  },
  {
    resource: 'users/profile',
    singular: '',
    kind: 'UserProfile',
    verbs: ['create', 'get'],
    description: 'What a user is called; created to change the password.',
    properties: {
      displayName: text('What to call them'),
      username: text('What they log in with'),
      email: text('Their address'),
      icon: text('Address of their picture'),
      spec: object('A change', {
        password: text('The new password'),
        currentPassword: text('Required to change your own'),
      }),
    },
  },
  ...(['User', 'Team'] as const).flatMap((noun): VirtualResource[] =>
    (
      [
        ['accesskeys', `${noun}AccessKeys`, { accessKeys: list('Without what opens anything', key) }],
        ['permissions', `${noun}Permissions`, permissions],
        ['clusters', `${noun}Clusters`, { clusters: list('That they may use directly', { type: 'object' }) }],
      ] as const
    ).map(([subresource, kind, properties]) => ({
      resource: `${noun.toLowerCase()}s/${subresource}`,
      singular: '',
      kind,
      verbs: ['get'],
      description: `The ${subresource === 'accesskeys' ? 'access keys' : subresource} of a ${noun.toLowerCase()}.`,
      properties,
    })),
  ),
  {
    resource: 'virtualclusterinstances/kubeconfig',
    singular: '',
    kind: 'VirtualClusterInstanceKubeConfig',
    verbs: ['create'],
    description: 'A kubeconfig that leads into the tenant cluster, through the platform.',
    namespaced: true,
    properties: {
      spec: object('What is asked', {
        certificateTTL: seconds('That a key in it is to live, a day at most; without: no key, vcp gives it'),
      }),
      status: object('The answer', { kubeConfig: text('YAML') }),
    },
  },
  {
    resource: 'virtualclusterinstances/log',
    singular: '',
    kind: 'VirtualClusterInstanceLog',
    verbs: ['get'],
    description:
      'The log of the control plane, as text; takes what the log of a pod does (container, follow, tailLines, …).',
    namespaced: true,
    properties: {},
  },
];
