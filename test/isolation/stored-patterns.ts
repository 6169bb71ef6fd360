import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { resourcePath } from '../../adapters/kubernetes/resources.ts';
import { eventually } from '../support/eventually.ts';

/** Without the project in it, so that two projects share the namespaces. */
const namespacePattern = {
  virtualCluster: 'team-{{ .Values.loft.name }}',
  space: 'room-{{ .Values.loft.name }}',
};
const binding =
  '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/vcluster-platform-namespace-pattern';

/**
 * Has projects hold patterns as a former version stored them. Admission refuses such by now, so it only looks on for a
 * moment; resolves when it refuses again.
 * @param kubeconfig of the management API's own administrator
 */
export async function storePatterns(kubeconfig: string, projects: readonly string[]): Promise<void> {
  const { kubeConfig } = connectCluster(kubeconfig);
  const patch = (path: string, body: object) =>
    requestJson(kubeConfig, { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
  const pathOf = (project: string) => `${resourcePath('projects')}/${project}`;
  await patch(binding, { spec: { validationActions: ['Audit'] } });
  for (const project of projects)
    await eventually(`the pattern is stored in project ${project}`, () =>
      patch(pathOf(project), { spec: { namespacePattern } }),
    );
  await patch(binding, { spec: { validationActions: ['Deny'] } });
  const another = { spec: { namespacePattern: { space: 'other-{{ .Values.loft.name }}' } } };
  await eventually('such a pattern is refused again', () =>
    patch(`${pathOf(projects[0] ?? '')}?dryRun=All`, another).then(
      () => false,
      (error: { code?: number }) => error.code === 422,
    ),
  );
}
