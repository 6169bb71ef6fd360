const butPriorityClasses = 'exclude=poststarthook/scheduling/bootstrap-system-priority-classes';

/**
 * Asks an API server whether it is ready but for its priority classes, which nothing here depends on and which take a
 * second. On new data an ordinary user's request needs what the other hook makes, the bootstrap roles.
 */
export const readyWithRolesPath = `/readyz?${butPriorityClasses}`;

/**
 * And but for the bootstrap roles: after a restart on the same data they are there already. After this no wrong answer
 * was seen, while an open port is not enough: authorization may know no roles yet.
 */
export const readyPath = `/readyz?exclude=poststarthook/rbac/bootstrap-roles&${butPriorityClasses}`;
