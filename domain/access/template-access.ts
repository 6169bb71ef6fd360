import type { InstanceAccess } from '../../contracts/resources/access.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type {
  VirtualClusterTemplate,
  VirtualClusterTemplateDefinition,
} from '../../contracts/resources/virtual-cluster-template.ts';
import { resolveTemplate } from '../instance-templates/template-version.ts';

/** What an instance is made of: its inline template, or the version that it follows of `template`. */
export function definitionOf(
  instance: VirtualClusterInstance,
  template: VirtualClusterTemplate | undefined,
): VirtualClusterTemplateDefinition | undefined {
  const { templateRef, template: inline } = instance.spec ?? {};
  if (inline !== undefined) return inline;
  return template === undefined ? undefined : resolveTemplate(template, templateRef?.version)?.definition;
}

/** `access` of what an instance is made of. */
export function templateAccessOf(
  instance: VirtualClusterInstance,
  template: VirtualClusterTemplate | undefined,
): InstanceAccess | undefined {
  return definitionOf(instance, template)?.access;
}
