import type { AnchorProps } from '@mantine/core';
import type { OperationSubject } from '../../contracts/kinds.ts';
import { consoleKinds } from '../server/console-kinds.ts';
import { PageLink } from './links.tsx';

/** What an operation is about, as a link to its page. */
export function TargetLink({
  target: { kind, project, name },
  ...props
}: { target: OperationSubject } & Pick<AnchorProps, 'fw'>) {
  const style = { overflowWrap: 'anywhere' } as const;
  return kind === 'cluster' ? (
    <PageLink to="/clusters/$name" params={{ name }} style={style} {...props}>
      {name}
    </PageLink>
  ) : (
    <PageLink to={consoleKinds[kind].pages.one} params={{ project, name }} style={style} {...props}>
      {name}
    </PageLink>
  );
}
