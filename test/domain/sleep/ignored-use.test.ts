import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ignoreRulesOf } from '../../../domain/sleep/ignore-rules.ts';
import { isIgnoredUse, type JudgedUse } from '../../../domain/sleep/ignored-use.ts';

type Settings = Parameters<typeof ignoreRulesOf>[0];

const pods: JudgedUse = {
  subject: 'ben',
  groups: ['devs', 'loft:user:ben'],
  verb: 'list',
  resource: 'pods',
  name: 'web-0',
  userAgent: 'kubectl/v1.36.3 (linux/amd64)',
};
const deployments: JudgedUse = { ...pods, verb: 'watch', apiGroup: 'apps', resource: 'deployments' };
const logs: JudgedUse = { ...pods, verb: 'get', subresource: 'log' };
const version: JudgedUse = { groups: ['devs'], verb: 'get', userAgent: 'curl/8.1' };

describe('isIgnoredUse', () => {
  /** What of the four each rule ignores. */
  const cases: [rules: Settings, pods: boolean, deployments: boolean, logs: boolean, version: boolean][] = [
    [{}, false, false, false, false],
    [{ ignoreAll: true }, true, true, true, true],
    [{ ignoreGroups: 'ops, devs' }, true, true, true, true],
    [{ ignoreGroups: 'dev' }, false, false, false, false],
    [{ ignoreVerbs: 'list,watch' }, true, true, false, false],
    [{ ignoreVerbs: '*' }, true, true, true, true],
    [{ ignoreResources: 'pods' }, true, false, true, false],
    [{ ignoreResources: 'pods.core, deployments.apps' }, true, true, true, false],
    [{ ignoreResources: 'deployments' }, false, false, false, false],
    [{ ignoreResources: '*' }, true, true, true, false],
    [{ ignoreResources: '*.apps' }, false, true, false, false],
    [{ ignoreResources: '*.core' }, true, true, true, false],
    [{ ignoreResourceVerbs: 'pods=list watch, deployments.apps=list' }, true, false, false, false],
    [{ ignoreResourceVerbs: 'deployments.apps=*' }, false, true, false, false],
    [{ ignoreResourceNames: 'pods=web-0 web-1' }, true, false, true, false],
    [{ ignoreResourceNames: 'pods=web' }, false, false, false, false],
    [{ ignoreUserAgents: 'kubectl/*' }, true, true, true, false],
    [{ ignoreUserAgents: 'kubectl' }, false, false, false, false],
    [{ ignoreUserAgents: 'k9s, curl/8.1' }, false, false, false, true],
    [{ ignoreUserAgents: '*' }, true, true, true, true],
  ];
  for (const [settings, ...expected] of cases)
    it(JSON.stringify(settings), () => {
      const rules = ignoreRulesOf(settings);
      const found = [pods, deployments, logs, version].map((use) => isIgnoredUse(rules, use));
      assert.deepEqual(found, expected);
    });

  it('a request for a collection has no name', () => {
    const { name: _name, ...all } = pods;
    assert.equal(isIgnoredUse(ignoreRulesOf({ ignoreResourceNames: 'pods=web-0' }), all), false);
  });
});
