import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Member, newMember } from '../support/members.ts';
import type { TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { misfits } from '../support/stock/answers.ts';
import { accountVerbs, clusterVerbs, logoutVerb, secretVerbs } from '../support/stock/account-verbs.ts';
import { deleteVerbs, namespaceVerbs, vclusterVerbs } from '../support/stock/instance-verbs.ts';
import { notYet, unanswered, unlike, unlikeAfterFailure } from '../support/stock/not-yet.ts';
import { created, newPerson, type Person, project, type Role, roles } from '../support/stock/person.ts';
import type { Verb } from '../support/stock/verb.ts';

const inOrder = [...accountVerbs, ...clusterVerbs, ...secretVerbs, ...vclusterVerbs, ...namespaceVerbs];
const last = [...deleteVerbs, logoutVerb];
const users: Readonly<Record<Role, string>> = { administrator: 'admin', 'plain user': 'stella' };
const isOf = (role: Role) => (verb: Verb) => verb.only === undefined || verb.only === role;

/** Every verb of vCluster's own command line against the platform, and what the platform holds after it. */
describe('the stock command line', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  let stella: Member;
  let tom: Member;
  let tim: Member;
  const seen: Record<Role, Record<string, string>> = { administrator: {}, 'plain user': {} };

  const misfitting = new Set<string>();

  before(async () => {
    platform = await sharedPlatform();
    [stella, tom, tim] = await Promise.all([
      newMember(platform, 'stella'),
      newMember(platform, 'tom'),
      newMember(platform, 'tim'),
    ]);
    const spec = {
      allowedClusters: [{ name: '*' }],
      allowedTemplates: [
        { kind: 'VirtualClusterTemplate', name: 'default', isDefault: true },
        { kind: 'SpaceTemplate', name: 'default', isDefault: true },
      ],
      members: [{ kind: 'User', name: 'stella', clusterRole: 'loft-management-project-user' }],
    };
    await created(platform, 'projects', { kind: 'Project', metadata: { name: project }, spec });
    for (const [name, user] of [
      ['stockers', 'stella'],
      ['mates', 'tim'],
    ])
      await created(platform, 'teams', { kind: 'Team', metadata: { name }, spec: { users: [user] } });
  });
  after(() => {
    stella?.forget();
    tom?.forget();
    tim?.forget();
  });

  /** Tries a verb, and holds what comes of it against the table of what does not work yet. */
  async function tryVerb({ verb, keeps, instead }: Verb, person: Person): Promise<string> {
    const { role } = person;
    const expected = notYet[`${role}: ${verb}`] ?? notYet[verb];
    person.patience = expected === undefined ? 120_000 : 10_000;
    const failure = await keeps(person).then(
      (outcome) => {
        seen[role][verb] = outcome ?? 'works';
      },
      (error: Error) => {
        seen[role][verb] = 'no';
        return error;
      },
    );
    if (failure === undefined) {
      assert.equal(expected, undefined, `"${verb}" keeps its promise now: take it out of not-yet.ts`);
      return 'kept';
    }
    person.patience = 120_000;
    if (expected === undefined) {
      // For the verbs that follow; what the verb itself failed with is what counts.
      await instead?.(person).catch(() => undefined);
      throw failure;
    }
    await instead?.(person);
    assert.match(failure.message, expected.says);
    return `not kept: ${failure.message.replaceAll(/\s+/g, ' ').slice(0, 300)}`;
  }

  describe('keeps what it promises, or is listed with a reason', { concurrency: true }, () => {
    for (const role of roles) {
      describe(`as ${role}`, { concurrency: false }, () => {
        let person: Person;
        before(async () => {
          const others = { friend: { name: 'tom', key: tom.key }, mates: { name: 'mates', key: tim.key } };
          person = await newPerson(platform, role, users[role], others);
        });
        after(() => person?.cli.close());
        const tried = (verb: Verb): void =>
          void test(verb.verb, async (context) => {
            context.diagnostic(`${role}, ${verb.verb}: ${await tryVerb(verb, person)}`);
          });
        inOrder.filter(isOf(role)).forEach(tried);
        test("answers decode strictly with vCluster Platform's own Go types", async () => {
          const found = await misfits(person);
          for (const problem of found.problems) misfitting.add(problem);
          assert.deepEqual(found.unanswered, Object.keys(unanswered[role]));
        });
        last.filter(isOf(role)).forEach(tried);
      });
    }
  });

  test('what does not fit the Go types is listed with a reason', () => {
    const always = [...misfitting].filter((problem) => !unlikeAfterFailure.has(problem));
    assert.deepEqual(always.toSorted(), Object.keys(unlike).toSorted());
  });

  test('docs/compatibility.md says of each verb what was seen', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([^`]+)` \| ([a-z–]+) \| ([a-z–]+) \|/gm)];
    const cell = (role: Role, verb: string) => seen[role][verb] ?? '–';
    const shown = Object.keys({ ...seen.administrator, ...seen['plain user'] });
    assert.deepEqual(
      rows.map(([, verb, ...cells]) => [verb, ...cells]).filter(([verb = '']) => shown.includes(verb)),
      shown.map((verb) => [verb, ...roles.map((role) => cell(role, verb))]),
    );
  });
});
