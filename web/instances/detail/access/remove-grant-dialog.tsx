import { Text } from '@mantine/core';
import { kindNames } from '../../../../contracts/kinds.ts';
import { changeObject } from '../../../server/change-object.ts';
import { accessText as text } from '../../../text/instance-access.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { patchCommand, vcpCommand } from '../commands.ts';
import type { InstanceView } from '../instance-view.ts';
import { withoutGrant } from './access-changes.ts';
import { type Grant, type Rule, subjectText } from './grants.ts';

/** Takes back what a rule of the instance gives to somebody. */
export function RemoveGrantDialog({
  target,
  instance,
  grant,
  rule,
  onClose,
  onDone,
}: InstanceView & { grant: Grant; rule: Rule; onClose: () => void; onDone: () => void }) {
  const { who, may } = grant;
  const words = subjectText(who);
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      onDone={onDone}
      title={text.removeTitle(words)}
      confirm={text.remove}
      danger
      command={
        rule.field === 'extraAccessRules'
          ? vcpCommand('share', target, `--${who.kind}`, who.name, '--role', rule.clusterRole, '--remove')
          : patchCommand(target, { spec: withoutGrant(instance.spec ?? {}, who, rule) })
      }
      act={() =>
        changeObject(kindNames[target.kind].plural, target, ({ spec = {} }) => ({
          spec: withoutGrant(spec, who, rule),
        }))
      }
    >
      <Text>{text.removeWhat(words, may)}</Text>
    </ConfirmDialog>
  );
}
