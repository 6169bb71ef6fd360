import { decodeAnswers } from './go-types.ts';
import { management, type Person, project } from './person.ts';

type Request = readonly [method: 'GET' | 'POST', path: string, body?: object];

const storage = management.replace('management.loft.sh', 'storage.loft.sh');

/** What somebody who reads with vCluster Platform's Go types asks for, under `management.loft.sh/v1` unless it says where. */
function requests({ role, name, vcluster, space }: Person): Request[] {
  const inProject = `namespaces/p-${project}`;
  const instance = `${inProject}/virtualclusterinstances/${vcluster}`;
  const own: Request[] = [
    ['POST', 'selves', {}],
    ['GET', 'projects'],
    ['GET', `projects/${project}`],
    ['GET', `projects/${project}/templates`],
    ['GET', `projects/${project}/clusters`],
    ['GET', `projects/${project}/members`],
    ['GET', 'virtualclusterinstances?extended=true'],
    ['GET', `${inProject}/virtualclusterinstances`],
    ['GET', instance],
    ['POST', `${instance}/kubeconfig`, { spec: {} }],
    ['GET', `${inProject}/spaceinstances`],
    ['GET', `${inProject}/spaceinstances/${space}`],
    ['GET', `users/${name}`],
    ['GET', `users/${name}/accesskeys`],
    ['GET', `users/${name}/profile`],
    ['GET', `ownedaccesskeys/more-${name}`],
    ['GET', `${inProject}/projectsecrets`],
    ['GET', `${inProject}/projectsecrets/of-${name}`],
    ['GET', 'sharedsecrets'],
    ['GET', 'features'],
    ['GET', 'announcements'],
    [
      'POST',
      'selfsubjectaccessreviews',
      { spec: { resourceAttributes: { verb: 'get', resource: 'users' } } },
    ],
  ];
  const administrators: Request[] = [
    ['GET', 'clusters'],
    ['GET', 'clusters/local'],
    ['GET', 'virtualclustertemplates'],
    ['GET', 'virtualclustertemplates/default'],
    ['GET', 'spacetemplates'],
    ['GET', 'spacetemplates/default'],
    ['GET', 'users'],
    ['GET', 'teams'],
    ['GET', 'teams/stockers'],
    ['GET', 'accesskeys'],
    ['GET', `namespaces/loft/sharedsecrets/of-${name}`],
    ...[
      'projects',
      'clusters',
      'virtualclustertemplates',
      'spacetemplates',
      'users',
      'teams',
      'accesskeys',
    ].map((plural): Request => ['GET', `${storage}/${plural}`]),
    ['GET', `${storage}/${inProject}/virtualclusterinstances`],
    ['GET', `${storage}/${inProject}/spaceinstances`],
  ];
  return role === 'administrator' ? [...own, ...administrators] : own;
}

/**
 * What does not fit the Go types in the answers to somebody, as `kind: problem`; and the requests that are not answered,
 * as `request: status`.
 */
export async function misfits(person: Person): Promise<{ problems: string[]; unanswered: string[] }> {
  const answers = new Map<string, string>();
  const unanswered: string[] = [];
  for (const [method, path, body] of requests(person)) {
    const { status, text } = await person.call(
      method,
      path.startsWith('/') ? path : `${management}/${path}`,
      body,
    );
    const request = `${method} ${path}`.replace(person.vcluster, '{vcluster}').replace(person.name, '{name}');
    if (status === 200 || status === 201) answers.set(request, text);
    else unanswered.push(`${request}: ${status}`);
  }
  const problems = new Set<string>();
  // What does not fit in a list does not fit in its elements either.
  for (const { kind, problems: found } of await decodeAnswers(answers))
    for (const problem of found)
      problems.add(`${kind.replace(/List$/, '')}: ${problem.replace('items[].', '').replace('items.', '')}`);
  return { problems: [...problems], unanswered };
}
