import { Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Snapshot } from '../../../contracts/operations.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { ButtonLink } from '../../components/links.tsx';
import { snapshotsText as text } from '../../text/snapshots.ts';

/** Leads to where a snapshot is restored: the page of its tenant cluster, or, if that is gone, a command. */
export function RestoreButton({ snapshot }: { snapshot: Snapshot }) {
  const { project, tenantCluster, goneAt, name } = snapshot;
  if (goneAt !== undefined) return <RestoreOfGone snapshot={snapshot} />;
  return (
    <ButtonLink
      size="compact-sm"
      variant="subtle"
      aria-label={text.restoreOf(name)}
      to="/projects/$project/tenant-clusters/$name"
      params={{ project, name: tenantCluster }}
      search={{ tab: 'snapshots' }}
    >
      {text.restore}
    </ButtonLink>
  );
}

function RestoreOfGone({ snapshot: { name, project, tenantCluster, uid } }: { snapshot: Snapshot }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const from = `--from ${tenantCluster}${uid === undefined ? '' : ` --from-uid ${uid}`}`;
  return (
    <>
      <Button size="compact-sm" variant="subtle" aria-label={text.restoreOf(name)} onClick={open}>
        {text.restore}
      </Button>
      <Modal opened={isOpen} onClose={close} title={text.restoreGoneTitle(name)}>
        <Stack ta="left">
          <Text size="sm">{text.restoreGoneWhy(tenantCluster)}</Text>
          <CommandBox title="" command={`vcp restore TENANT-CLUSTER ${name} ${from} --project ${project}`} />
        </Stack>
      </Modal>
    </>
  );
}
