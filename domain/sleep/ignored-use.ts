import type { IgnoredResource, IgnoreRules } from './ignore-rules.ts';
import type { LastActivityInfo } from './last-activity.ts';

/** A request, as rules judge it. */
export interface JudgedUse extends LastActivityInfo {
  /** Of whom the caller acts as. */
  readonly groups: readonly string[];
}

/** Whether the rules of a sleep policy say that a request does not count as use of the instance. One rule that fits is enough. */
export function isIgnoredUse(rules: IgnoreRules, use: JudgedUse): boolean {
  const { verb = '', resource, apiGroup = '', name, userAgent = '', groups } = use;
  if (rules.all || includesVerb(rules.verbs, verb)) return true;
  if (rules.groups.some((group) => groups.includes(group))) return true;
  if (rules.userAgents.some((agent) => isAgent(agent, userAgent))) return true;
  if (resource === undefined) return false;
  const isIt = (rule: IgnoredResource) => isResource(rule, resource, apiGroup);
  return (
    rules.resources.some(isIt) ||
    rules.resourceVerbs.some((rule) => isIt(rule) && includesVerb(rule.verbs, verb)) ||
    (name !== undefined && rules.resourceNames.some((rule) => isIt(rule) && rule.names.includes(name)))
  );
}

function includesVerb(verbs: readonly string[], verb: string): boolean {
  return verbs.includes(verb) || verbs.includes('*');
}

/** `*` alone is every resource, `*.apps` every one of the group. */
function isResource(rule: IgnoredResource, resource: string, group: string): boolean {
  if (rule.resource === '*') return rule.group === '' || rule.group === group;
  return rule.resource === resource && rule.group === group;
}

function isAgent(rule: string, userAgent: string): boolean {
  return rule.endsWith('*') ? userAgent.startsWith(rule.slice(0, -1)) : userAgent === rule;
}
