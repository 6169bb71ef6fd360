import { Button, Modal, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { onSessionEnd, signInAddress } from '../server/session.ts';
import { shellText as text } from '../text/shell.ts';

/** Says that the session is over, over whatever page is open, and leads back to it. */
export function SessionEnd() {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => onSessionEnd(() => setIsOver(true)), []);
  return (
    <Modal
      opened={isOver}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={text.sessionEnded}
    >
      <Stack>
        <Text>{text.sessionEndedWhy}</Text>
        <Button component="a" href={signInAddress(location.pathname + location.search)} data-autofocus>
          {text.signInAgain}
        </Button>
      </Stack>
    </Modal>
  );
}
