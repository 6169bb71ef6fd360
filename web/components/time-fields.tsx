import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { usePageSearch } from './page-search.ts';
import { timeText as text } from '../text/time.ts';
import { isRange, localField, ranges } from './time-range.ts';
import { useTyped } from './use-typed.ts';

/** From when to when, in the address: a range that ends now, or two times. */
export function TimeFields() {
  const [{ from, to }, change] = usePageSearch();
  const [isAsked, setIsAsked] = useState(false);
  const isBetween = isAsked || to !== undefined || (from !== undefined && !isRange(from));
  const field = (name: 'from' | 'to', value: string | undefined) => (
    <TimeField label={text[name]} value={value} onChange={(time) => change({ [name]: time })} />
  );
  return (
    <>
      <Select
        size="xs"
        w={{ base: 'calc(50% - 5px)', sm: 150 }}
        aria-label={text.time}
        value={isBetween ? 'between' : (from ?? '')}
        onChange={(value) => {
          setIsAsked(value === 'between');
          change({ from: value === 'between' || !value ? undefined : value, to: undefined });
        }}
        data={[
          { value: '', label: text.anyTime },
          ...(Object.keys(ranges) as (keyof typeof ranges)[]).map((value) => ({
            value,
            label: text.ranges[value],
          })),
          { value: 'between', label: text.between },
        ]}
        allowDeselect={false}
      />
      {isBetween && field('from', from)}
      {isBetween && field('to', to)}
    </>
  );
}

/** A time, which counts once the field is left or Enter is pressed: until then it is typed part by part. */
function TimeField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange: (time: string | undefined) => void;
}) {
  const shown = localField(value);
  const [typed, setTyped] = useTyped(shown);
  const apply = () => {
    const at = Date.parse(typed);
    if (typed === shown) return;
    if (typed === '') onChange(undefined);
    else if (!Number.isNaN(at)) onChange(new Date(at).toISOString());
  };
  return (
    <TextInput
      size="xs"
      type="datetime-local"
      aria-label={label}
      title={label}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onBlur={apply}
      onKeyDown={({ key }) => {
        if (key === 'Enter') apply();
      }}
    />
  );
}
