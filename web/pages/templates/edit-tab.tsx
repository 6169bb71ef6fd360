import { Skeleton, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate, ResourceOf } from '../../../contracts/resources/resource-kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { replaceObject } from '../../server/management.ts';
import { objectQuery } from '../../server/objects.ts';
import { templatesText as text } from '../../text/templates.ts';
import { TemplateEditor } from './template-editor.tsx';
import { pluralOf } from './template-kind.ts';
import { editableYaml } from './template-yaml.ts';
import { useCountQuery } from './use-count.ts';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));

/** A template as YAML: to change for those who may, to read for the others. */
export function EditTab({ kind, template }: { kind: ManagedKind; template: ManagedTemplate }) {
  if (template.status?.canUpdate === true) return <Editing kind={kind} template={template} />;
  return (
    <Stack>
      <Text c="dimmed">{text.mayNotEdit}</Text>
      <Suspense fallback={<Skeleton height="60vh" />}>
        <YamlEditor label={text.yamlLabel} value={editableYaml(kind, template)} />
      </Suspense>
    </Stack>
  );
}

function Editing({ kind, template }: { kind: ManagedKind; template: ManagedTemplate }) {
  const [, change] = usePageSearch();
  const queryClient = useQueryClient();
  // What was there when editing began: if somebody else stores something meanwhile, the platform refuses.
  const [begun] = useState(template);
  const { name, resourceVersion } = begun.metadata;
  const { data: use } = useQuery(useCountQuery(kind, name));
  const replace = (next: ManagedTemplate, dryRun: boolean) => {
    if (next.metadata.name !== name) return Promise.reject(new Error(text.otherName(name)));
    const metadata = { ...next.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    const object = { ...next, metadata } as ResourceOf['virtualclustertemplates'];
    return replaceObject(pluralOf(kind) as 'virtualclustertemplates', object, { dryRun });
  };
  return (
    <TemplateEditor
      kind={kind}
      initial={editableYaml(kind, begun)}
      compareWith={editableYaml(kind, begun)}
      check={(next) => replace(next, true)}
      write={(next) => replace(next, false)}
      onWritten={() => {
        void queryClient.invalidateQueries({ queryKey: objectQuery(pluralOf(kind), { name }).queryKey });
        change({ tab: undefined, version: undefined });
      }}
      checkLabel={text.review}
      writeLabel={text.save}
    >
      {use !== undefined && <Text>{use.isUsed ? text.affects(use.count) : text.affectsNone}</Text>}
    </TemplateEditor>
  );
}
