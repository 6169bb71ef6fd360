import { Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconExternalLink } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { targetNames } from '../../../contracts/kinds.ts';
import { isFinal, type Operation, targetOf } from '../../../contracts/operations.ts';
import { Age } from '../../components/age.tsx';
import { ButtonLink, PageLink } from '../../components/links.tsx';
import { PageHead } from '../../components/page-states.tsx';
import { OperationStateBadge } from '../../components/state-badge.tsx';
import { mayQuery } from '../../server/permissions.ts';
import { cancelText, operationPageText as text } from '../../text/operations.ts';
import { verbText } from '../../text/states.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { OperationOrigin } from './operation-origin.tsx';

/** Its title, who wanted it when and how, its state, and what can be done about it. */
export function OperationHead({ operation }: { operation: Operation }) {
  const { id, type, actor, state, createdAt, temporalUrl } = operation;
  const { name } = targetOf(operation);
  return (
    <>
      <PageHead
        title={text.title(verbText[type] ?? type, name)}
        back={
          <PageLink to="/operations" size="sm">
            {text.all}
          </PageLink>
        }
      >
        <ButtonLink variant="default" to="/audit" search={{ operationId: id }}>
          {text.audit}
        </ButtonLink>
        <TemporalLink url={temporalUrl} />
        <CancelButton operation={operation} />
      </PageHead>
      <Group gap="xs" mb="lg" mt={-8}>
        <OperationStateBadge state={state} />
        <Text span size="sm" c="dimmed">
          · {text.requestedBy(actor)} <Age at={createdAt} />
          <OperationOrigin operation={operation} before=" · " />
        </Text>
      </Group>
    </>
  );
}

/** Only administrators are told this address; it is a page of our own origin or of Temporal's. */
function TemporalLink({ url }: { url: string | undefined }) {
  if (url === undefined || !/^(https?:\/\/|\/(?![/\\]))/.test(url)) return null;
  return (
    <Button
      component="a"
      href={url}
      target="_blank"
      rel="noreferrer"
      variant="default"
      rightSection={<IconExternalLink size={14} aria-hidden />}
    >
      {text.temporal}
    </Button>
  );
}

function CancelButton({ operation }: { operation: Operation }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const { type, state, kind } = operation;
  const { project, name } = targetOf(operation);
  const may = useQuery({
    ...mayQuery({
      verb: 'update',
      resource: targetNames[kind].plural,
      name,
      project: project === '' ? undefined : project,
    }),
    enabled: !isFinal(state),
  });
  const goesOn = type === 'delete' && state === 'running';
  if (isFinal(state) || goesOn || may.data !== true) return null;
  return (
    <>
      <Button variant="default" c="var(--vcp-failed)" onClick={open}>
        {cancelText.button}
      </Button>
      <CancelDialog operation={operation} opened={isOpen} onClose={close} />
    </>
  );
}
