import { Alert, Checkbox, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { createText as text } from '../../text/create.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { createCommandOf } from './command.ts';
import classes from './create-form.module.css';
import { type Draft, unshownFields } from './draft.ts';
import { type ManifestPlace, manifestText, readManifest } from './manifest-text.ts';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));
const height = '40vh';

/** What somebody has typed as YAML, for as long as the form says the same. */
interface Typed {
  readonly source: string;
  readonly draft: Draft;
  readonly fault: string | undefined;
}

/** The resource as YAML, which can be changed too, and the command that creates the same. */
export function ManifestPane({
  place,
  draft,
  change,
  parameters,
  onReadable,
}: {
  place: ManifestPlace;
  draft: Draft;
  change: (draft: Draft) => void;
  parameters: readonly AppParameter[];
  onReadable: (isReadable: boolean) => void;
}) {
  const [typed, setTyped] = useState<Typed>();
  const [isRevealed, setRevealed] = useState(false);
  const hidden = isRevealed ? [] : parameters;
  // Once the form is changed, the YAML is what that says.
  const current = typed?.draft === draft ? typed : undefined;
  const hasPasswords = parameters.some(({ type }) => type === 'password');
  const unshown = unshownFields(draft);
  const edit = (source: string) => {
    const read = readManifest(source, place, draft, hidden);
    const isReadable = 'draft' in read;
    const next = isReadable ? read.draft : draft;
    setTyped({ source, draft: next, fault: isReadable ? undefined : read.fault });
    onReadable(isReadable);
    if (isReadable) change(next);
  };
  return (
    <Stack gap="xs" className={classes['pane']}>
      <Group justify="space-between">
        <Title order={2}>{text.manifest}</Title>
        {hasPasswords && (
          <Checkbox
            size="xs"
            label={text.showPasswords}
            checked={isRevealed}
            onChange={({ currentTarget }) => {
              setRevealed(currentTarget.checked);
              setTyped(undefined);
              onReadable(true);
            }}
          />
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {text.manifestHint}
      </Text>
      <Suspense fallback={<Skeleton height={height} />}>
        <YamlEditor
          label={text.manifestLabel}
          height={height}
          value={current?.source ?? manifestText(place, draft, hidden)}
          onChange={edit}
        />
      </Suspense>
      {current?.fault !== undefined && (
        <Alert color="yellow" role="alert" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {text.manifestFault(current.fault)}
        </Alert>
      )}
      {unshown.length > 0 && (
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {text.onlyInManifest(unshown)}
        </Text>
      )}
      <CommandBox
        title={text.command}
        command={createCommandOf(place.kind, place.project, draft, parameters)}
      />
    </Stack>
  );
}
