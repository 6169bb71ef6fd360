import { Group } from '@mantine/core';
import { kindNames } from '../../../contracts/kinds.ts';
import { pageSearch } from '../../components/page-search.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { filtersOf } from '../../server/operations.ts';
import type { InstanceName } from '../../server/instances.ts';
import { instanceText as text } from '../../text/instance.ts';
import { kindText } from '../../text/kinds.ts';
import { ButtonLink } from '../../components/links.tsx';
import { usePageTitle } from '../../components/page-title.ts';
import { Empty } from '../../components/page-states.tsx';

/** In place of an instance that is not there, or not for the reader. */
export function GoneInstance({ target: { kind, project, name } }: { target: InstanceName }) {
  usePageTitle(name);
  return (
    <Empty
      title={text.gone(kindNames[kind].noun, name)}
      action={
        <Group gap="xs" justify="center">
          <ButtonLink to={consoleKinds[kind].pages.list} search={{ project }}>
            {text.goneBack(kindText[kind].plural.toLowerCase())}
          </ButtonLink>
          <ButtonLink
            to="/operations"
            search={pageSearch({ ...filtersOf(kind, project, name) })}
            variant="default"
          >
            {text.goneOperations}
          </ButtonLink>
        </Group>
      }
    >
      {text.goneWhy}
    </Empty>
  );
}
