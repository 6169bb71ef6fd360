import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { PageLink } from '../../components/links.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { createObject } from '../../server/management.ts';
import { objectQuery } from '../../server/objects.ts';
import { mayQuery } from '../../server/permissions.ts';
import { templatesText as text } from '../../text/templates.ts';
import { TemplateEditor } from './template-editor.tsx';
import { pluralOf } from './template-kind.ts';
import { editableYaml, skeletonYaml } from './template-yaml.ts';

/** Makes a template of a skeleton, or of another template that the address names. */
export function NewTemplate({ kind }: { kind: ManagedKind }) {
  const [{ template: original }] = usePageSearch();
  const may = useQuery(mayQuery({ verb: 'create', resource: pluralOf(kind) }));
  return (
    <>
      <PageHead
        title={text.newTitle[kind]}
        back={
          <PageLink to="/templates" size="sm">
            {text.back}
          </PageLink>
        }
      />
      <Loaded query={may}>
        {(isAllowed) => {
          if (!isAllowed) return <Empty title={text.mayNotCreate}>{text.mayNotCreateWhy}</Empty>;
          return original === undefined ? (
            <Creating kind={kind} initial={skeletonYaml(kind)} />
          ) : (
            <CopyOf kind={kind} name={original} />
          );
        }}
      </Loaded>
    </>
  );
}

function CopyOf({ kind, name }: { kind: ManagedKind; name: string }) {
  const original = useQuery(objectQuery(pluralOf(kind), { name }));
  return (
    <Loaded query={original}>
      {(template: ManagedTemplate) => {
        const { labels: _labels, annotations: _annotations, ...metadata } = template.metadata;
        const copy = { ...template, metadata: { ...metadata, name: `${name}-copy` } } as ManagedTemplate;
        return <Creating kind={kind} initial={editableYaml(kind, copy)} />;
      }}
    </Loaded>
  );
}

function Creating({ kind, initial }: { kind: ManagedKind; initial: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const plural = pluralOf(kind);
  const create = (template: ManagedTemplate, dryRun: boolean) =>
    createObject(plural as 'virtualclustertemplates', template as never, { dryRun });
  return (
    <TemplateEditor
      kind={kind}
      initial={initial}
      check={(template) => create(template, true)}
      write={(template) => create(template, false)}
      onWritten={({ metadata: { name } }) => {
        void queryClient.invalidateQueries({ queryKey: ['objects', plural] });
        void navigate({ to: '/templates/$plural/$name', params: { plural, name } });
      }}
      checkLabel={text.check}
      writeLabel={text.createTemplate}
    />
  );
}
