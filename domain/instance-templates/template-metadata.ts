/**
 * Whether a label or annotation is the platform's own, by which it says what belongs to whom, and so not for templates to set
 * (deploy/management/policy-templates.yaml says so when they are written).
 */
export function isPlatformsOwn(name: string): boolean {
  return /^(?:vcluster-platform\.io|(?:[^/]+\.)?loft\.sh)\//.test(name);
}
