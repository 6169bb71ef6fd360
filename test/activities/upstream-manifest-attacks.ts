import type { UpstreamAttack } from './upstream-attack.ts';

const rbac = 'rbac.authorization.k8s.io';
const everybody = `subjects: [{ kind: Group, apiGroup: ${rbac}, name: 'system:authenticated' }]`;
const binding = (metadata: string, role: string) => `apiVersion: ${rbac}/v1
kind: RoleBinding
metadata: ${metadata}
roleRef: { apiGroup: ${rbac}, kind: ClusterRole, name: ${role} }
${everybody}
`;
const manifests = (text: string) => ({ experimental: { deploy: { host: { manifests: text } } } });

/** Objects that the values have the chart make beside its own. */
export const manifestAttacks: readonly UpstreamAttack[] = [
  [
    'a binding of everybody in kube-system',
    manifests(binding('{ name: x, namespace: kube-system }', 'admin')),
    /RoleBinding x in namespace kube-system/,
    'refused',
  ],
  [
    'a binding of everybody to cluster-admin',
    manifests(binding('{ name: x }', 'cluster-admin')),
    /bind more than its own/,
    'refused',
  ],
  [
    'a List that hides a binding',
    manifests(
      `apiVersion: v1\nkind: List\nitems:\n- ${binding('{ name: x, namespace: kube-system }', 'admin').trim().replaceAll('\n', '\n  ')}\n`,
    ),
    /a List without a name/,
    'refused',
  ],
  [
    'a SecretList',
    manifests(
      'apiVersion: v1\nkind: SecretList\nitems:\n- { metadata: { name: x, namespace: kube-system } }\n',
    ),
    /a SecretList without a name/,
    'refused',
  ],
  [
    'a ClusterRoleBinding',
    manifests(binding('{ name: x }', 'cluster-admin').replace('RoleBinding', 'ClusterRoleBinding')),
    /create ClusterRoleBinding x/,
    'refused',
  ],
  [
    'a namespace',
    manifests('apiVersion: v1\nkind: Namespace\nmetadata: { name: taken }\n'),
    /create Namespace taken/,
    'refused',
  ],
  [
    "a Secret in another tenant cluster's namespace",
    manifests('apiVersion: v1\nkind: Secret\nmetadata: { name: x, namespace: victim }\n'),
    /Secret x in namespace victim/,
    'refused',
  ],
  [
    "a token of Helm's identity",
    manifests(
      'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: { name: x, annotations: { kubernetes.io/service-account.name: vcluster-platform-helm } }\n',
    ),
    /a token of a ServiceAccount/,
    'inside',
  ],
  [
    "the gateway's credential",
    manifests('apiVersion: v1\nkind: Secret\nmetadata: { name: vc-NAME-gateway }\n'),
    /belongs to the platform/,
    'inside',
  ],
  [
    "a record of Helm's",
    manifests(
      'apiVersion: v1\nkind: Secret\ntype: helm.sh/release.v1\nmetadata: { name: sh.helm.release.v1.NAME.v9, labels: { owner: helm, name: NAME, status: deployed, version: "9" } }\n',
    ),
    /belongs to the platform/,
    'inside',
  ],
  [
    'a hook in kube-system',
    manifests(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: kube-system, annotations: { helm.sh/hook: post-install } }\n',
    ),
    /ConfigMap x in namespace kube-system/,
    'refused',
  ],
  [
    'a kind that is given twice',
    manifests(
      'apiVersion: v1\nkind: ConfigMap\nkind: Pod\nmetadata: { name: x }\nspec: { containers: [{ name: a, image: b }] }\n',
    ),
    /create Pod x/,
    'inside',
  ],
  [
    'a control plane of another release',
    manifests(
      'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: other, labels: { app: vcluster, release: other } }\nspec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [ { name: a, image: b } ] } } }\n',
    ),
    /experimental\.deploy\.host\.manifests/,
    'inside',
  ],
  [
    'a Service with externalIPs',
    manifests(
      'apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { externalIPs: [10.0.0.1], ports: [ { port: 443 } ] }\n',
    ),
    /externalIPs/,
    'inside',
  ],
  [
    'a Service that is a name elsewhere',
    manifests(
      'apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { type: ExternalName, externalName: kubernetes.default.svc }\n',
    ),
    /experimental\.deploy\.host\.manifests/,
    'inside',
  ],
  [
    'a template that looks Secrets up',
    {
      experimental: {
        deploy: {
          host: {
            manifestsTemplate: `{{- $keys := lookup "v1" "Secret" "victim" "victim-certs" }}
{{- if $keys }}
apiVersion: v1
kind: ConfigMap
metadata: { name: stolen, namespace: kube-system }
data: { key: {{ index $keys.data "ca.key" }} }
{{- end }}`,
          },
        },
      },
    },
    /experimental\.deploy\.host\.manifestsTemplate/,
    'inside',
  ],
  [
    'a template that makes a binding',
    {
      experimental: {
        deploy: { host: { manifestsTemplate: binding('{ name: x, namespace: kube-system }', 'admin') } },
      },
    },
    /RoleBinding x in namespace kube-system/,
    'refused',
  ],
  [
    'a template that makes something of its own',
    {
      experimental: {
        deploy: { host: { manifestsTemplate: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }' } },
      },
    },
    /experimental\.deploy\.host\.manifestsTemplate/,
    'inside',
  ],
];
