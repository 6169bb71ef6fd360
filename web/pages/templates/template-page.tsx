import { Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { PageLink } from '../../components/links.tsx';
import { Empty, Loaded, PageHead } from '../../components/page-states.tsx';
import { objectQuery } from '../../server/objects.ts';
import { templatesText as text } from '../../text/templates.ts';
import { CompareTab } from './compare-tab.tsx';
import { EditTab } from './edit-tab.tsx';
import { TemplateActions } from './template-actions.tsx';
import { TemplateFacts } from './template-facts.tsx';
import { kindOfTemplates, pluralOf, titleOf } from './template-kind.ts';
import { UsesTab } from './uses-tab.tsx';
import { VersionsTab } from './versions-tab.tsx';

/** One template. */
export default function TemplatePage() {
  const { plural, name = '' } = useParams({ strict: false });
  const kind = kindOfTemplates(plural);
  if (kind === undefined)
    return <Empty title={text.unknownKind} action={<PageLink to="/templates">{text.back}</PageLink>} />;
  return <TemplateOfKind key={`${kind}/${name}`} kind={kind} name={name} />;
}

function TemplateOfKind({ kind, name }: { kind: ManagedKind; name: string }) {
  const query = useQuery(objectQuery(pluralOf(kind), { name }));
  const back = (
    <PageLink to="/templates" size="sm">
      {text.back}
    </PageLink>
  );
  return (
    <Loaded query={query}>
      {(template: ManagedTemplate) => (
        <>
          <PageHead title={titleOf(template)} back={back}>
            <TemplateActions kind={kind} template={template} />
          </PageHead>
          {template.spec?.description !== undefined && (
            <Text mb="md" maw={760} style={{ whiteSpace: 'pre-line' }}>
              {template.spec.description}
            </Text>
          )}
          <TemplateFacts kind={kind} template={template} />
          <TemplateTabs kind={kind} template={template} />
        </>
      )}
    </Loaded>
  );
}

const tabs = {
  versions: VersionsTab,
  uses: UsesTab,
  compare: CompareTab,
  yaml: EditTab,
} as const;

function TemplateTabs({ kind, template }: { kind: ManagedKind; template: ManagedTemplate }) {
  const [{ tab = 'versions' }, change] = usePageSearch();
  const chosen = tab in tabs ? (tab as keyof typeof tabs) : 'versions';
  const Shown = tabs[chosen];
  return (
    <Tabs
      value={chosen}
      onChange={(next) => change({ tab: next === 'versions' ? undefined : (next ?? undefined) })}
      mt="lg"
    >
      <Tabs.List>
        {Object.keys(tabs).map((name) => (
          <Tabs.Tab key={name} value={name}>
            {text.tabs[name as keyof typeof tabs]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={chosen} pt="md">
        <Shown kind={kind} template={template} />
      </Tabs.Panel>
    </Tabs>
  );
}
