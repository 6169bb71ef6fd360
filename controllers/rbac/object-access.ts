import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { accessGrants } from './access-grants.ts';

const kinds = {
  projects: ['templates', 'clusters', 'members'],
  clusters: ['members'],
  virtualclustertemplates: [],
  spacetemplates: [],
} as const;
type Plural = keyof typeof kinds;

/** Owner and `spec.access` of projects, clusters and templates as RBAC on that one resource. */
export function objectAccess({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'object-access',
    /** @param key `<plural>/<name>` */
    async reconcile(key) {
      const [plural, name] = key.split('/') as [Plural, string];
      const object = caches[plural].get(name);
      const { owner, access } = object?.spec ?? {};
      // The owner of a project administers it (project-access.ts).
      const owns = plural === 'projects' ? undefined : owner;
      await rbac.sync(
        `access/${key}`,
        object === undefined
          ? []
          : accessGrants({ plural, name, subresources: kinds[plural], owner: owns, access }),
      );
      return object === undefined ? undefined : resync;
    },
    watch(add) {
      for (const plural of Object.keys(kinds) as Plural[])
        caches[plural].onChange((name) => add(`${plural}/${name}`));
      rbac.onChange((owner) => {
        if (owner.startsWith('access/')) add(owner.slice('access/'.length));
      });
    },
  };
}
