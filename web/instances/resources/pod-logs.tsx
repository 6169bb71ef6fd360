import { Alert, Button, Checkbox, Group, Select, Stack, Text } from '@mantine/core';
import { IconDownload, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { CommandBox } from '../../components/command-box.tsx';
import { LoadingRows } from '../../components/page-states.tsx';
import type { AnyObject } from '../../server/kubernetes-objects.ts';
import type { TenantApi } from '../../server/tenant-api.ts';
import { commonText } from '../../text/common.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { downloadText } from '../detail/download.ts';
import { kubectlCommand } from './kubectl-command.ts';
import { type LogLine, mostLines } from './log-lines.ts';
import { LogView } from './log-view.tsx';
import { containersOf } from './pod-container-list.ts';
import { type LogState, useLog } from './use-log.ts';

const tailLines = 500;

/** What somebody chose to see of the log; another number of `attempt` begins again. */
interface Choice {
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly attempt: number;
}

/** The log of a pod's container, live. */
export default function PodLogs({
  api,
  pod,
  container = mainContainer(pod),
  onContainer,
}: {
  api: TenantApi;
  pod: AnyObject;
  container?: string | undefined;
  onContainer: (container: string) => void;
}) {
  const { name, namespace = '' } = pod.metadata;
  const [choice, setChoice] = useState<Choice>({
    previous: false,
    timestamps: false,
    attempt: 0,
  });
  const [isWrapped, setWrapped] = useState(true);
  const [frozen, setFrozen] = useState<readonly LogLine[]>();
  const { attempt, ...asked } = choice;
  const log = useLog(api, { ...asked, container, namespace, pod: name, tailLines }, attempt);
  const choose = (changed: Partial<Choice>) => {
    setFrozen(undefined);
    setChoice({ ...choice, ...changed });
  };
  const { previous } = choice;
  const lines = frozen ?? log.lines;
  return (
    <Stack gap="xs">
      <Group gap="sm" align="flex-end">
        <ContainerSelect
          pod={pod}
          value={container}
          onChange={(value) => {
            setFrozen(undefined);
            onContainer(value);
          }}
        />
        <PauseButton
          isPaused={frozen !== undefined}
          disabled={log.state !== 'open' && frozen === undefined}
          onClick={() => setFrozen(frozen === undefined ? log.lines : undefined)}
        />
        <Button
          variant="default"
          disabled={lines.length === 0}
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() =>
            downloadText(`${name}-${container}.log`, `${lines.map((line) => line.text).join('\n')}\n`)
          }
        >
          {text.download}
        </Button>
      </Group>
      <Group gap="md">
        <Option label={text.wrap} value={isWrapped} onChange={setWrapped} />
        <Option
          label={text.timestamps}
          value={choice.timestamps}
          onChange={(timestamps) => choose({ timestamps })}
        />
        <Option label={text.previous} value={previous} onChange={(value) => choose({ previous: value })} />
      </Group>
      {log.state === 'opening' ? (
        <LoadingRows rows={8} />
      ) : log.error !== undefined && lines.length === 0 ? null : (
        <LogView
          key={`${container} ${attempt}`}
          lines={lines}
          isWrapped={isWrapped}
          label={text.logRegion(container)}
        />
      )}
      <Foot log={log} frozen={frozen} onAgain={() => choose({ attempt: attempt + 1 })} />
      <CommandBox
        command={kubectlCommand(
          api.target,
          ...['logs', name, '--container', container, '--namespace', namespace],
          ...['--tail', String(tailLines), previous ? '--previous' : '--follow'],
        )}
      />
    </Stack>
  );
}

/** The container that a pod says is the one to look at, or its first. */
function mainContainer(pod: AnyObject): string {
  const containers = containersOf(pod);
  const byDefault = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  return (containers.find((one) => one.name === byDefault) ?? containers[0])?.name ?? '';
}

function ContainerSelect({
  pod,
  value,
  onChange,
}: {
  pod: AnyObject;
  value: string;
  onChange: (container: string) => void;
}) {
  return (
    <Select
      label={text.logOf}
      data={containersOf(pod).map(({ name, isInit }) => ({
        value: name,
        label: isInit ? `${name} (${text.init})` : name,
      }))}
      value={value}
      onChange={(chosen) => chosen !== null && onChange(chosen)}
      allowDeselect={false}
      w={220}
    />
  );
}

function PauseButton({ isPaused, ...props }: { isPaused: boolean; disabled: boolean; onClick: () => void }) {
  const Icon = isPaused ? IconPlayerPlay : IconPlayerPause;
  return (
    <Button variant="default" leftSection={<Icon size={16} aria-hidden />} {...props}>
      {isPaused ? text.goOn : text.pause}
    </Button>
  );
}

function Option({
  label,
  value,
  onChange,
}: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}) {
  return (
    <Checkbox
      size="xs"
      label={label}
      checked={value}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
  );
}

/** How it goes on with the log: it is followed, paused, has ended, or why it cannot be read. */
function Foot({
  log,
  frozen,
  onAgain,
}: {
  log: LogState;
  frozen: readonly LogLine[] | undefined;
  onAgain: () => void;
}) {
  const again = (
    <Button variant="default" size="compact-sm" onClick={onAgain}>
      {log.error === undefined ? text.logAgain : commonText.tryAgain}
    </Button>
  );
  if (log.error !== undefined)
    return (
      <Alert color="yellow" role="alert">
        <Stack gap="xs" align="flex-start">
          {text.logFailed(log.error.message)}
          {again}
        </Stack>
      </Alert>
    );
  return (
    <Group gap="sm">
      <Text size="sm" c="dimmed">
        {logStateText(log, frozen)}
      </Text>
      {log.state === 'ended' && again}
    </Group>
  );
}

function logStateText({ lines, state }: LogState, frozen: readonly LogLine[] | undefined): string {
  const last = (of: readonly LogLine[]) => of.at(-1)?.number ?? -1;
  const waiting = frozen === undefined ? undefined : text.paused(last(lines) - last(frozen));
  const live = state === 'open' ? text.logLive : text.logEnded;
  return `${waiting ?? live} · ${text.logLines((frozen ?? lines).length, mostLines)}`;
}
