import { Autocomplete, Group, NumberInput, Select } from '@mantine/core';
import { useMemo, useState } from 'react';
import { annotations } from '../../../contracts/names.ts';
import { parseCron } from '../../../domain/sleep/cron.ts';
import { nextTime } from '../../../domain/sleep/cron-times.ts';
import { readTimeZone } from '../../../domain/sleep/time-zone.ts';
import { createText as text } from '../../text/create.ts';
import { type SleepSettingName, withAnnotation } from './draft.ts';
import { durationParts, type DurationUnit, durationUnits, secondsOf } from './duration-units.ts';
import { FormSection, type SectionProps } from './form-section.tsx';

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones = [...new Set(['UTC', ownZone, ...Intl.supportedValuesOf('timeZone')])];

/** When it sleeps, wakes and is deleted by itself. */
export function SleepFields({ kind: _kind, draft, change, faults }: SectionProps) {
  const given = draft.metadata.annotations ?? {};
  const zone = given[annotations.sleepTimezone];
  const of = (name: SleepSettingName) => ({
    value: given[name],
    fault: faults[`sleep:${name}`],
    onChange: (value: string | undefined) => change(withAnnotation(draft, name, value)),
  });
  const schedule = (name: SleepSettingName) => ({
    ...of(name),
    zone: zone ?? 'UTC',
    // People mean the clock on their wall.
    onChange: (value: string) => {
      const next = withAnnotation(draft, name, value);
      change(
        value !== '' && zone === undefined && given[name] === undefined && ownZone !== 'UTC'
          ? withAnnotation(next, annotations.sleepTimezone, ownZone)
          : next,
      );
    },
  });
  return (
    <FormSection title={text.sleep} why={text.sleepWhy}>
      <DurationField label={text.sleepAfter} {...of(annotations.sleepAfter)} />
      <Group align="flex-start" gap="sm">
        <ScheduleField
          label={text.sleepSchedule}
          known={text.schedules.sleep}
          {...schedule(annotations.sleepSchedule)}
        />
        <ScheduleField
          label={text.wakeupSchedule}
          known={text.schedules.wake}
          {...schedule(annotations.wakeupSchedule)}
        />
      </Group>
      <Select
        label={text.timezone}
        placeholder={text.timezonePlaceholder}
        data={zone === undefined || zones.includes(zone) ? zones : [zone, ...zones]}
        value={zone ?? null}
        onChange={(value) => change(withAnnotation(draft, annotations.sleepTimezone, value ?? undefined))}
        error={faults[`sleep:${annotations.sleepTimezone}`]}
        searchable
        clearable
        limit={100}
        maw={420}
      />
      <DurationField
        label={text.deleteAfter}
        description={text.deleteAfterHint}
        {...of(annotations.deleteAfter)}
      />
    </FormSection>
  );
}

/** A number of seconds, in the unit that suits it. */
function DurationField({
  label,
  description,
  value,
  fault,
  onChange,
}: {
  label: string;
  description?: string;
  value: string | undefined;
  fault: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const parts = durationParts(value);
  const [chosen, setChosen] = useState<DurationUnit>('h');
  const unit =
    parts !== undefined && secondsOf(parts.count, parts.unit) !== '0' && !isWholeIn(value, chosen)
      ? parts.unit
      : chosen;
  const count = parts === undefined ? '' : Number(value) / sizeOf(unit);
  return (
    <Group align="flex-end" gap="xs" maw={420} wrap="nowrap">
      <NumberInput
        label={label}
        description={description}
        placeholder={text.fieldAsProject}
        value={count}
        min={0}
        allowDecimal={false}
        allowNegative={false}
        onChange={(next) => onChange(next === '' ? undefined : secondsOf(Number(next), unit))}
        error={fault}
        style={{ flex: 1 }}
      />
      <Select
        aria-label={text.unitOf(label)}
        data={durationUnits.map((one) => ({ value: one.unit, label: text.units[one.unit] }))}
        value={unit}
        onChange={(next) => {
          const chosenUnit = (next ?? 'h') as DurationUnit;
          setChosen(chosenUnit);
          if (count !== '') onChange(secondsOf(count, chosenUnit));
        }}
        allowDeselect={false}
        w={110}
      />
    </Group>
  );
}

function sizeOf(unit: DurationUnit): number {
  return durationUnits.find((one) => one.unit === unit)?.seconds ?? 1;
}

function isWholeIn(seconds: string | undefined, unit: DurationUnit): boolean {
  return Number(seconds) % sizeOf(unit) === 0;
}

/** A schedule as cron writes it, with the time that it means next. */
function ScheduleField({
  label,
  known,
  value = '',
  fault,
  zone,
  onChange,
}: {
  label: string;
  known: readonly (readonly [schedule: string, words: string])[];
  value: string | undefined;
  fault: string | undefined;
  zone: string;
  onChange: (value: string) => void;
}) {
  const next = useMemo(() => nextTimeText(value, zone), [value, zone]);
  return (
    <Autocomplete
      label={label}
      description={next ?? text.scheduleHint}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      placeholder={text.fieldAsProject}
      data={known.map(([schedule]) => schedule)}
      filter={({ options }) => options}
      renderOption={({ option }) =>
        `${option.value} – ${known.find(([schedule]) => schedule === option.value)?.[1] ?? ''}`
      }
      value={value}
      onChange={onChange}
      error={fault}
      autoComplete="off"
      style={{ flex: '1 1 220px' }}
    />
  );
}

function nextTimeText(schedule: string, zone: string): string | undefined {
  if (schedule === '') return undefined;
  const read = parseCron(schedule);
  const timeZone = readTimeZone(zone);
  if ('fault' in read || timeZone === undefined) return undefined;
  const next = nextTime(read.schedule, timeZone, new Date());
  if (next === undefined) return undefined;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  return text.nextTime(`${format.format(next)} (${timeZone})`);
}
