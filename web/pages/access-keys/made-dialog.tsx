import { Alert, Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import type { AccessKey } from '../../../contracts/resources/access-key.ts';
import { accessKeyExpiry } from '../../../domain/keys/access-key-expiry.ts';
import { CommandBox, CopyIcon } from '../../components/command-box.tsx';
import { exactTime } from '../../components/time.ts';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { accessKeysText as text } from '../../text/access-keys.ts';

/** Shows a key that was just made, once. */
export function MadeDialog({ made, onClose }: { made: AccessKey; onClose: () => void }) {
  useReturnFocus();
  const { key = '' } = made.spec;
  const endsAt = accessKeyExpiry(made)?.getTime();
  return (
    <Modal
      opened
      onClose={onClose}
      title={text.madeTitle}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Alert color="yellow" role="status">
          {text.madeWhy}
        </Alert>
        <Group gap={4} wrap="nowrap">
          <Code block style={{ flex: 1, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {key}
          </Code>
          <CopyIcon value={key} />
        </Group>
        <Text size="sm">{endsAt === undefined ? text.madeEndless : text.madeEnds(exactTime(endsAt))}</Text>
        <CommandBox title={text.useCli} command={`vcp login ${location.origin} --access-key -`} />
        <CommandBox
          title={text.useHttp}
          command={`curl -H "Authorization: Bearer $ACCESS_KEY" ${location.origin}/api/v1/projects`}
        />
        <Group justify="flex-end">
          <Button onClick={onClose}>{text.done}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
