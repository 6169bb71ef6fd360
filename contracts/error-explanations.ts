import type { ErrorCode } from './errors.ts';

/** What each code means and what to do about it: for people who read `/api/v1/errors` or docs/errors.md. */
export const errorExplanations: Readonly<Record<ErrorCode, string>> = {
  invalid_request:
    'The request is not well formed: a field, header or parameter is missing, unknown or has a wrong value. `errors` names each one. Correct it; sent again unchanged it fails again.',
  invalid_values:
    'The chart does not accept these values, or they ask for something that no tenant cluster may have. The message names the value. Change the values of the resource or of its template.',
  invalid_parameters:
    'A parameter does not fit what the template declares: its type, its options or its validation. The message names the parameter. `vcp templates get` shows what the template takes.',
  unauthenticated:
    'There is no credential, or it has expired, was revoked or is not known. Log in again with `vcp login`.',
  too_many_attempts:
    'Too many logins failed for this user or from this address. Wait for the time in `Retry-After`.',
  too_many_streams:
    'The caller has as many event streams open as one may have. Close one: one stream serves several pages.',
  forbidden:
    'The credential is valid, but neither the RBAC of the management API nor the scope of the access key allows this. The message names the verb and the resource to ask an administrator for.',
  method_not_allowed: 'The path is there, but not for this method. The message says what to use instead.',
  not_found: 'There is no such path or resource, or the caller may not know that there is.',
  project_not_found:
    'There is no such project, or the caller is not a member of it. `vcp projects` lists yours.',
  template_not_found:
    'The template, or the version of it, does not exist or is not allowed in this project. `vcp templates` lists those that are.',
  cluster_not_found:
    'The connected cluster does not exist, or the project may not use it. `vcp clusters` lists those that it may use.',
  tenant_cluster_not_found:
    'There is no such tenant cluster in the project, or the caller may not know that there is. `vcp list vclusters` lists yours.',
  space_not_found:
    'There is no such space in the project, or the caller may not know that there is. `vcp list spaces` lists yours.',
  operation_not_found:
    'There is no such operation, or the caller may not see the resource that it belongs to.',
  snapshot_not_found:
    'There is no such snapshot, or it was deleted by the retention policy. `vcp snapshot list` lists those that can be restored.',
  snapshot_damaged:
    'What is stored of the snapshot does not have the checksum that was recorded when it was taken. It is not restored; use an earlier one.',
  already_exists: 'Something else has this name already. Choose another one, or change what is there.',
  conflict:
    'The resource is in a state in which this cannot be done, or somebody changed it at the same time. Read it again and decide; an operation that runs can be followed or cancelled.',
  operation_finished: 'The operation has ended already: nothing can be cancelled any more.',
  operation_failed:
    'The operation ran and failed; what it had done was undone as far as its steps say. `vcp operations get` shows the step and its cause; for passing causes it is tried again, at the time that the status of the resource gives.',
  operation_cancelled: 'Somebody cancelled the operation; what it had done was undone.',
  quota_exceeded: 'A quota of the project or of the connected cluster does not have room for this.',
  admission_refused:
    'An admission webhook or policy of the cluster refused an object. The message names it; often it is one that the tenant installed and that has no running server.',
  store_full:
    'The store of the tenant cluster has reached its limit, so that nothing can be written. Delete what is not needed; an update, a wake or a restore compacts the store and ends the alarm.',
  namespace_missing:
    'The namespace of the tenant cluster was deleted from the connected cluster. An update rebuilds it; a restore brings the data of a snapshot back.',
  too_large: 'The body is larger than the limit that the message gives.',
  head_too_large: 'URL and headers together are longer than the limit that the message gives.',
  request_timeout: 'The request did not arrive whole in the time that the gateway gives. Send it again.',
  chart_failed: 'Helm could not install or upgrade the chart; the message has what it said.',
  chart_unavailable: 'The chart could not be fetched at the moment. It is tried again.',
  control_plane_not_ready:
    'The control plane did not become ready in the time of the step. The message names what its pods wait for.',
  control_plane_missing:
    'The control plane was deleted from the connected cluster. An update makes it again.',
  sleeping:
    'The tenant cluster or space is asleep and this request does not wake it: it was put to sleep for a time (`force-duration`), or the request says that it must not. Wake it with `vcp wakeup`, then send the request again.',
  waking:
    'The tenant cluster or space is waking up, and the request could not be held until it is awake. Nothing was changed. Send the request again after the time in `Retry-After`.',
  wake_failed:
    'The tenant cluster or space failed to wake up. The message names the operation and its reason. If there is a `Retry-After`, the request can be sent again: a later one wakes it again.',
  cluster_offline:
    'The agent of the connected cluster is not connected to the platform, so nothing there can be reached through it; what runs there goes on. The message says since when. Look at Deployment `loft` there and at its network; operations wait and go on by themselves.',
  cluster_unreachable:
    'The Kubernetes API that the request is for does not answer. Nothing was changed unless the message says so. Send it again after the time in `Retry-After`.',
  management_unavailable: 'The management API does not answer at the moment. Send the request again.',
  identity_provider_unavailable:
    'The identity provider of the single sign-on does not answer at the moment. Access keys and passwords still work.',
  database_unavailable:
    'PostgreSQL does not answer or is read-only at the moment. Access keys work; sessions, operations and the audit log have to wait.',
  temporal_unavailable:
    'Temporal does not answer at the moment. Operations that run go on; new ones have to wait.',
  toolchain_unavailable: 'A program that this process starts is not there. The message names it.',
  port_taken: 'Another process listens on the port already. The message names the port.',
  state_in_use: 'Another platform runs on this state folder already.',
  internal:
    'A fault of the platform. The log has the cause under the `requestId` of the answer; please report it.',
};
