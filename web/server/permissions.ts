import { queryOptions } from '@tanstack/react-query';
import { managementApiVersion, managementGroup, projectNamespacePrefix } from '../../contracts/names.ts';
import { send } from './send.ts';

/** What somebody would do in the management API. */
export interface Action {
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly project?: string | undefined;
  readonly name?: string | undefined;
}

/** Whether the caller may do `action`; asked again after a minute. */
export function mayQuery({ project, ...action }: Action) {
  const resourceAttributes = {
    group: managementGroup,
    ...action,
    ...(project === undefined ? {} : { namespace: `${projectNamespacePrefix}${project}` }),
  };
  return queryOptions({
    queryKey: ['may', resourceAttributes],
    staleTime: 60_000,
    queryFn: async () => {
      const review = await send<{ status?: { allowed?: boolean } }>({
        method: 'POST',
        path: `/kubernetes/management/apis/${managementApiVersion}/selfsubjectaccessreviews`,
        body: {
          apiVersion: managementApiVersion,
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        },
      });
      return review.status?.allowed === true;
    },
  });
}

/** Whether the caller administers the platform: they may make users. */
export const administratorQuery = mayQuery({ verb: 'create', resource: 'users' });

/** The caller, as the platform knows them. */
export interface Self {
  readonly user?: {
    readonly name: string;
    readonly displayName: string;
    readonly email: string;
    readonly teams: readonly { readonly name: string; readonly displayName: string }[];
  };
  readonly subject: string;
  readonly groups: readonly string[];
}

export const selfQuery = queryOptions({
  queryKey: ['self'],
  staleTime: 60_000,
  queryFn: async () => {
    const { status } = await send<{ status: Self }>({
      path: `/kubernetes/management/apis/${managementApiVersion}/selves/self`,
    });
    return status;
  },
});
