import { teamsOf } from '../../domain/accounts/identity-names.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/** `status.teams` of every user: the teams that name the user or one of its groups. */
export function userTeams({ caches, resources }: ControllerContext): Controller {
  return {
    name: 'user-teams',
    async reconcile(name) {
      const user = caches.users.get(name);
      if (user === undefined) return undefined;
      const teams = teamsOf(user, caches.teams.list());
      if (teams.join() !== (user.status?.teams ?? []).join())
        await resources.users.patchStatus({ name }, { teams });
      return resync;
    },
    watch(add) {
      caches.users.onChange(add);
      caches.teams.onChange(() => {
        for (const { metadata } of caches.users.list()) add(metadata.name);
      });
    },
  };
}
