/**
 * Asks an API server whether it is ready but for two hooks that wait for a second before they begin: its priority classes,
 * which nothing here depends on, and the bootstrap roles, which after a restart on the same data are there already. After this no
 * wrong answer was seen, while an open port is not enough: authorization may know no roles yet.
 */
export const readyPath =
  '/readyz?exclude=poststarthook/rbac/bootstrap-roles&exclude=poststarthook/scheduling/bootstrap-system-priority-classes';

/** The same with the bootstrap roles. */
export const readyWithRolesPath =
  '/readyz?exclude=poststarthook/scheduling/bootstrap-system-priority-classes';
