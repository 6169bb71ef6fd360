import { Group, Select, Skeleton, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { ButtonLink } from '../../components/links.tsx';
import { consoleKinds } from '../../server/console-kinds.ts';
import { templatesText as text } from '../../text/templates.ts';
import { ParameterTable } from './parameter-table.tsx';
import { versionsIn } from './template-version.ts';
import { yamlOf } from './template-yaml.ts';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));

/** The versions of a template: parameters and definition of the one that is chosen. */
export function VersionsTab({ kind, template }: { kind: ManagedKind; template: ManagedTemplate }) {
  const [{ version: asked }, change] = usePageSearch();
  const versions = versionsIn(template);
  const shown = versions.find(({ version }) => version === asked) ?? versions[0];
  if (shown === undefined) return null;
  const hasVersions = shown.version !== '';
  const source = yamlOf(shown.definition);
  return (
    <Stack gap="lg">
      {hasVersions ? (
        <Group align="flex-end">
          <Select
            label={text.version}
            data={versions.map(({ version }) => version)}
            value={shown.version}
            onChange={(version) => change({ version: version ?? undefined })}
            allowDeselect={false}
            w={200}
          />
          {template.status?.canUse === true && (
            <ButtonLink
              variant="default"
              to={consoleKinds[kind].pages.create}
              search={{ template: template.metadata.name, version: shown.version }}
            >
              {text.useVersion(shown.version)}
            </ButtonLink>
          )}
        </Group>
      ) : (
        <Text c="dimmed">{text.versionOfNone}</Text>
      )}
      <Stack gap="xs">
        <Title order={2}>{text.parameters}</Title>
        <ParameterTable parameters={shown.parameters} />
      </Stack>
      <Stack gap="xs">
        <Title order={2}>{text.definition}</Title>
        <Suspense fallback={<Skeleton height={240} />}>
          <YamlEditor label={text.definitionLabel(shown.version)} value={source} height={heightOf(source)} />
        </Suspense>
      </Stack>
    </Stack>
  );
}

/** As high as its text, within bounds. */
function heightOf(source: string): string {
  return `${Math.min(560, Math.max(80, source.split('\n').length * 19 + 12))}px`;
}
