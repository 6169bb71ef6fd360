import { Alert, Autocomplete, Button, Group, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { kindNames } from '../../../../contracts/kinds.ts';
import type { SleepPolicyStatus } from '../../../../contracts/resources/sleep-policy-status.ts';
import { nextTime } from '../../../../domain/sleep/cron-times.ts';
import { parseCron } from '../../../../domain/sleep/cron.ts';
import { readTimeZone } from '../../../../domain/sleep/time-zone.ts';
import { instanceQuery } from '../../../server/instances.ts';
import { patchObject } from '../../../server/management.ts';
import { commonText } from '../../../text/common.ts';
import { sleepText as text } from '../../../text/instance-sleep.ts';
import { CommandBox } from '../../../components/command-box.tsx';
import { exactTime } from '../../../components/time.ts';
import { patchCommand, vcpCommand } from '../commands.ts';
import type { InstanceView } from '../instance-view.ts';
import {
  changedAnnotations,
  faultsOf,
  formOf,
  type SleepForm as Form,
  sleepPatch,
  updateOptions,
} from './sleep-form-state.ts';
import { heldZone, inheritedText, isByTemplate } from './tried-policy.ts';

const timeZones = Intl.supportedValuesOf('timeZone');

/** Another policy for an instance: to try, and to save for those who may. */
export function SleepForm({
  target,
  instance,
  form,
  onChange,
  onClose,
}: InstanceView & { form: Form; onChange: (form: Form) => void; onClose: () => void }) {
  const [before] = useState(() => formOf(instance));
  const queryClient = useQueryClient();
  const { sleepPolicy: policy = {}, canUpdate } = instance.status ?? {};
  const changed = changedAnnotations(before, form);
  const faults = faultsOf(form);
  const isReady = Object.keys(changed).length > 0 && Object.keys(faults).length === 0;
  const save = useMutation({
    mutationFn: () => patchObject(kindNames[target.kind].plural, target, sleepPatch(changed)),
    onSuccess: () => {
      notifications.show({ message: text.saved });
      void queryClient.invalidateQueries({ queryKey: instanceQuery(target).queryKey });
      onClose();
    },
  });
  const field = (name: Exclude<keyof Form, 'preventDeletion'>, hint: string) => ({
    label: text[name],
    description: isByTemplate(policy, name) ? text.byTemplate : hint,
    disabled: isByTemplate(policy, name),
    placeholder: inheritedText(name, policy),
    value: form[name],
    error: faults[name],
  });
  const typed = (name: keyof Form) => ({
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) =>
      onChange({ ...form, [name]: currentTarget.value }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && canUpdate === true && !save.isPending) save.mutate();
      }}
    >
      <Stack>
        <TextInput {...field('sleepAfter', text.sleepAfterHint)} {...typed('sleepAfter')} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            {...field('sleepSchedule', nextText(form, policy, 'sleepSchedule') ?? text.scheduleHint)}
            {...typed('sleepSchedule')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
          />
          <TextInput
            {...field('wakeupSchedule', nextText(form, policy, 'wakeupSchedule') ?? text.wakeHint)}
            {...typed('wakeupSchedule')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
          />
        </SimpleGrid>
        <Autocomplete
          {...field('timezone', text.timezoneHint)}
          data={timeZones}
          limit={20}
          onChange={(timezone) => onChange({ ...form, timezone })}
        />
        <TextInput {...field('deleteAfter', text.deleteAfterHint)} {...typed('deleteAfter')} />
        <Switch
          label={text.preventDeletion}
          description={isByTemplate(policy, 'preventDeletion') ? text.byTemplate : text.preventDeletionHint}
          disabled={isByTemplate(policy, 'preventDeletion')}
          checked={form.preventDeletion || isByTemplate(policy, 'preventDeletion')}
          onChange={({ currentTarget }) => onChange({ ...form, preventDeletion: currentTarget.checked })}
        />
        {isReady && canUpdate === true && <SaveCommand target={target} changed={changed} />}
        {save.error !== null && (
          <Alert color="red" role="alert">
            {save.error.message}
          </Alert>
        )}
        <Group>
          {canUpdate === true && (
            <Button type="submit" disabled={!isReady} loading={save.isPending}>
              {text.save}
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {canUpdate === true ? commonText.cancel : commonText.close}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** When a schedule comes next, in the reader's zone; undefined: it has a fault, or is none. */
function nextText(
  form: Form,
  policy: SleepPolicyStatus,
  field: 'sleepSchedule' | 'wakeupSchedule',
): string | undefined {
  const read = form[field].trim() === '' ? undefined : parseCron(form[field].trim());
  const zone = readTimeZone(heldZone(form, policy));
  if (read === undefined || 'fault' in read || zone === undefined) return undefined;
  const next = nextTime(read.schedule, zone, new Date());
  return next && text.next(exactTime(next.getTime()));
}

function SaveCommand({
  target,
  changed,
}: Pick<InstanceView, 'target'> & { changed: Record<string, string | null> }): ReactNode {
  const options = updateOptions(changed);
  return (
    <CommandBox
      command={
        options === undefined
          ? patchCommand(target, sleepPatch(changed))
          : vcpCommand('update', target, ...options)
      }
    />
  );
}
