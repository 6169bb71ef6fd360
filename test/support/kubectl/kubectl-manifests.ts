export const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'notes' } },
  data,
});

/** No node has this label: the pods stay pending, wherever they are. */
export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        nodeSelector: { nowhere: 'true' },
        containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }],
      },
    },
  },
};

export const widgets = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.{ns}.example.com' },
  spec: {
    group: '{ns}.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer', maximum: 9 } } } },
          },
        },
      },
    ],
  },
};

export const widget = (size: number) => ({
  apiVersion: '{ns}.example.com/v1',
  kind: 'Widget',
  metadata: { name: 'first' },
  spec: { size },
});

/** Files in `{dir}`. */
export const manifests: Record<string, string> = {
  'kustomization.yaml': 'namePrefix: built-\nresources: [map.yaml]\nlabels: [{ pairs: { by: kustomize } }]\n',
  'map.yaml': `${JSON.stringify(configMap('plain', { a: 'b' }))}\n`,
};
