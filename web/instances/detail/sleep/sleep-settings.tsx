import { Alert, Table, Text } from '@mantine/core';
import type { SleepPolicyStatus, SleepSetting } from '../../../../contracts/resources/sleep-policy-status.ts';
import { sleepText as text } from '../../../text/instance-sleep.ts';
import { durationText } from '../../../components/time.ts';

/** The policy that holds, setting by setting, and who decided each. */
export function SleepSettings({ policy }: { policy: SleepPolicyStatus }) {
  const { sources = {}, faults = {} } = policy;
  const settings = (Object.keys(text.settings) as SleepSetting[]).filter(
    (setting) => sources[setting] !== undefined,
  );
  if (settings.length === 0) return <Text>{text.none}</Text>;
  return (
    <>
      {Object.entries(faults).map(([setting, fault]) => (
        <Alert key={setting} color="red" title={text.fault} mb="sm">
          {fault}
        </Alert>
      ))}
      <Table.ScrollContainer minWidth={330}>
        <Table aria-label={text.policy}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{text.setting}</Table.Th>
              <Table.Th>{text.value}</Table.Th>
              <Table.Th>{text.source}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {settings.map((setting) => (
              <Table.Tr key={setting}>
                <Table.Td>{text.settings[setting]}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{valueText(setting, policy)}</Table.Td>
                <Table.Td>{sourceText(sources[setting])}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function sourceText(source: string | undefined): string {
  return (text.sources as Readonly<Record<string, string>>)[source ?? ''] ?? source ?? '';
}

function valueText(setting: SleepSetting, policy: SleepPolicyStatus): string {
  const value = policy[setting];
  switch (setting) {
    case 'afterInactivitySeconds':
    case 'deleteAfterSeconds':
      return typeof value === 'number' && value > 0 ? text.unused(durationText(value * 1000)) : text.never;
    case 'preventDeletion':
      return value === true ? text.prevented : text.notPrevented;
    case 'ignoreActiveConnections':
    case 'ignoreAll':
    case 'ignoreVClusters':
      return value === true ? text.doNotCount : text.count;
    case 'excludeLabels':
      return Object.entries(policy.excludeLabels ?? {})
        .map(([name, of]) => `${name}=${of}`)
        .join(', ');
    default:
      return typeof value === 'string' && value !== '' ? value : text.never;
  }
}
