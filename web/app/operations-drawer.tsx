import { Drawer, Stack } from '@mantine/core';
import type { Operation } from '../../contracts/operations.ts';
import { PageLink } from '../components/links.tsx';
import { OperationLine } from '../components/operation-line.tsx';
import { Empty } from '../components/page-states.tsx';
import { shellText as text } from '../text/shell.ts';

/** Operations that run or wait, over whatever page is open. */
export function OperationsDrawer({
  opened,
  onClose,
  operations,
}: {
  opened: boolean;
  onClose: () => void;
  operations: readonly Operation[];
}) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      title={text.runningOperations(operations.length)}
    >
      <Stack>
        {operations.length === 0 && <Empty title={text.runningOperations(0)} />}
        {operations.map((operation) => (
          <OperationLine key={operation.id} operation={operation} onOpen={onClose} />
        ))}
        <PageLink to="/operations" onClick={onClose} size="sm">
          {text.allOperations}
        </PageLink>
      </Stack>
    </Drawer>
  );
}
