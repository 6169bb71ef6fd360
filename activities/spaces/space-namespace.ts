import { renderSpaceMetadata } from '../../adapters/helm/render-metadata.ts';
import type { RenderDeps } from '../../adapters/helm/render-values.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { SpaceRef } from '../../contracts/instance-ref.ts';
import type { TemplateMetadata } from '../../contracts/resources/object-meta.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { isProvisioned } from '../../domain/lifecycle/desired-state.ts';
import { resolveTemplate } from '../../domain/instance-templates/template-version.ts';
import type { TenantDeps } from '../dependencies.ts';
import { readInstance, templateOf } from '../instances/instance-access.ts';
import { createOwnedNamespace } from '../instances/owned-namespace.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

type Deps = TenantDeps & RenderDeps;

/** The namespace of a space. */
export function createSpaceNamespaceActivities(deps: Deps) {
  return {
    /**
     * Creates the namespace, with the metadata that its template gives it: see {@link createOwnedNamespace}. Idempotent by
     * space: one that is there stays as it is.
     * @throws PlatformError `space_not_found`, `template_not_found`, `invalid_parameters`, `invalid_values`, `chart_failed`,
     *   `management_unavailable`, and what {@link createOwnedNamespace} throws
     */
    async applySpaceNamespace({ space }: { space: SpaceRef }): Promise<void> {
      const metadata = await withHeartbeat(async () =>
        metadataFor(deps, space, await readInstance<'space'>(deps.resources, space)),
      );
      await createOwnedNamespace(deps, space, metadata);
    },
  };
}

/** Nothing if it has no template, or if what is made again has none any more. */
async function metadataFor(deps: Deps, space: SpaceRef, instance: SpaceInstance): Promise<TemplateMetadata> {
  const { name, version } = instance.spec?.templateRef ?? {};
  if (!name) return {};
  const template = await templateOf<'space'>(deps.resources, 'space', instance);
  const resolved = template && resolveTemplate(template, version);
  if (resolved !== undefined) return renderSpaceMetadata(deps, space, instance, resolved);
  if (isProvisioned(instance)) return {};
  const missing = template === undefined ? 'not found' : `does not have version ${version?.slice(0, 60)}`;
  throw new PlatformError('template_not_found', `template ${name} ${missing}`);
}
