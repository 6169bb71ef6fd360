import { Group, Select, Stack } from '@mantine/core';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { LineDiff } from '../../components/line-diff.tsx';
import { Empty } from '../../components/page-states.tsx';
import { templatesText as text } from '../../text/templates.ts';
import { versionsIn, yamlOfVersion } from './template-version.ts';

/** Two versions of a template beside each other; at first the newest one and the one before. */
export function CompareTab({ template }: { template: ManagedTemplate }) {
  const [{ from: askedFrom, to: askedTo }, change] = usePageSearch();
  const versions = versionsIn(template);
  if (versions.length < 2) return <Empty title={text.compareNeedsTwo}>{text.compareNeedsTwoWhy}</Empty>;
  const find = (asked: string | undefined) => versions.find(({ version }) => version === asked);
  const from = find(askedFrom) ?? versions[1];
  const to = find(askedTo) ?? versions[0];
  if (from === undefined || to === undefined) return null;
  const names = versions.map(({ version }) => version);
  return (
    <Stack>
      <Group>
        <Select
          label={text.compareFrom}
          data={names}
          value={from.version}
          onChange={(version) => change({ from: version ?? undefined })}
          allowDeselect={false}
          w={160}
        />
        <Select
          label={text.compareTo}
          data={names}
          value={to.version}
          onChange={(version) => change({ to: version ?? undefined })}
          allowDeselect={false}
          w={160}
        />
      </Group>
      <LineDiff
        before={yamlOfVersion(from)}
        after={yamlOfVersion(to)}
        label={text.diffLabel(from.version, to.version)}
      />
    </Stack>
  );
}
