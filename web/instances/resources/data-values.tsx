import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { CopyIcon } from '../../components/command-box.tsx';
import type { AnyObject } from '../../server/kubernetes-objects.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { Part } from './overview-part.tsx';
import classes from './resources.module.css';

/** Keys and values of a ConfigMap or Secret. Those of a Secret are decoded key by key, when somebody asks. */
export function DataValues({ object, isSecret = false }: { object: AnyObject; isSecret?: boolean }) {
  const { data, binaryData } = object as {
    data?: Record<string, string>;
    binaryData?: Record<string, string>;
  };
  const entries = [
    ...Object.entries(data ?? {}).map(([key, value]) => ({ name: key, value, isEncoded: isSecret })),
    ...Object.entries(binaryData ?? {}).map(([key, value]) => ({ name: key, value, isEncoded: true })),
  ];
  return (
    <Part title={text.data}>
      {entries.length === 0 && (
        <Text size="sm" c="dimmed">
          {text.noData}
        </Text>
      )}
      <Stack gap="sm">
        {entries.map((entry) => (
          <DataValue key={entry.name} {...entry} isHidden={isSecret} />
        ))}
      </Stack>
    </Part>
  );
}

function DataValue({
  name,
  value,
  isEncoded,
  isHidden,
}: {
  name: string;
  value: string;
  isEncoded: boolean;
  isHidden: boolean;
}) {
  const [isShown, setShown] = useState(!isHidden);
  const decoded = isShown ? (isEncoded ? decodedText(value) : value) : undefined;
  return (
    <div>
      <Group gap="xs" mb={4}>
        <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        {isHidden && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={isShown ? text.hideValue(name) : text.showValue(name)}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? text.hide : text.show}
          </Button>
        )}
      </Group>
      {decoded === undefined ? (
        <Text size="sm" c="dimmed">
          {text.hidden}
        </Text>
      ) : (
        <Group gap={4} wrap="nowrap" align="flex-start">
          <Code block className={classes['value'] ?? ''} flex={1}>
            {decoded === '' ? text.emptyValue : decoded}
          </Code>
          <CopyIcon value={decoded} />
        </Group>
      )}
    </div>
  );
}

/** The text that base64 stands for; of bytes that are none, how many. */
function decodedText(value: string): string {
  const bytes = Uint8Array.from(atob(value), (character) => character.codePointAt(0) ?? 0);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return text.bytes(bytes.length);
  }
}
