import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { lazy } from 'react';
import type { InstanceName } from '../../server/instances.ts';
import { yamlText as text } from '../../text/instance-yaml.ts';
import { CommandBox } from '../../components/command-box.tsx';
import { LineDiff } from '../../components/line-diff.tsx';
import { useReturnFocus } from '../../components/use-return-focus.ts';
import { patchCommand } from './commands.ts';
import { applyChange, type Draft, EditConflict, type Plan, planChange } from './yaml-change.ts';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));

/** The editor of a draft: checked by a dry run first, then shown as a difference, then applied. */
export function YamlEdit({
  target,
  draft,
  onChange,
  onClose,
  onApplied,
}: {
  target: InstanceName;
  draft: Draft;
  onChange: (draft: Draft) => void;
  onClose: () => void;
  onApplied: () => void;
}) {
  const check = useMutation({ mutationFn: () => planChange(target, draft) });
  const replace = (next: Draft) => {
    check.reset();
    onChange(next);
  };
  return (
    <Stack gap="sm">
      {check.error instanceof EditConflict ? (
        <ConflictAlert conflict={check.error} onReplace={replace} />
      ) : (
        check.error !== null && (
          <Alert
            color="red"
            role="alert"
            title={text.refusedTitle}
            style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}
          >
            {check.error.message}
          </Alert>
        )
      )}
      <YamlEditor
        value={draft.text}
        label={text.resource(target.name)}
        {...(check.isPending ? {} : { onChange: (value: string) => onChange({ ...draft, text: value }) })}
      />
      <Group>
        <Button onClick={() => check.mutate()} loading={check.isPending}>
          {text.check}
        </Button>
        <Button variant="default" onClick={onClose}>
          {text.stop}
        </Button>
      </Group>
      {check.data !== undefined && (
        <Review target={target} plan={check.data} onClose={() => check.reset()} onApplied={onApplied} />
      )}
    </Stack>
  );
}

function ConflictAlert({
  conflict,
  onReplace,
}: {
  conflict: EditConflict;
  onReplace: (draft: Draft) => void;
}) {
  return (
    <Alert color="yellow" role="alert" title={text.conflictTitle}>
      <Stack gap="sm">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {conflict.message}
        </Text>
        <Group gap="xs">
          <Button size="xs" onClick={() => onReplace(conflict.mine)}>
            {text.keepMine}
          </Button>
          <Button size="xs" variant="default" onClick={() => onReplace(conflict.theirs)}>
            {text.takeTheirs}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

/** What would change, as the platform answered to the dry run. */
function Review({
  target,
  plan,
  onClose,
  onApplied,
}: {
  target: InstanceName;
  plan: Plan;
  onClose: () => void;
  onApplied: () => void;
}) {
  useReturnFocus();
  const apply = useMutation({ mutationFn: () => applyChange(target, plan), onSuccess: onApplied });
  return (
    <Modal opened onClose={() => !apply.isPending && onClose()} title={text.reviewTitle} size="xl">
      <Stack>
        <Text size="sm">{text.reviewWhy}</Text>
        <LineDiff before={plan.before} after={plan.after} label={text.reviewTitle} />
        <CommandBox command={patchCommand(target, plan.patch)} />
        {apply.error !== null && (
          <Alert color="red" role="alert" title={text.refusedTitle}>
            {apply.error.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={apply.isPending}>
            {text.goOn}
          </Button>
          <Button onClick={() => apply.mutate()} loading={apply.isPending}>
            {text.apply}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
