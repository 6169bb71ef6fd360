import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { usePageSearch } from '../app/search.ts';
import { timeText as text } from '../text/time.ts';
import { isRange, localField, ranges } from './time-range.ts';

/** From when to when, in the address: a range that ends now, or two times. */
export function TimeFields() {
  const [{ from, to }, change] = usePageSearch();
  const [isAsked, setIsAsked] = useState(false);
  const isBetween = isAsked || to !== undefined || (from !== undefined && !isRange(from));
  const field = (name: 'from' | 'to', value: string | undefined) => (
    <TextInput
      size="xs"
      type="datetime-local"
      aria-label={text[name]}
      title={text[name]}
      value={localField(value)}
      onChange={({ currentTarget: { value: local } }) =>
        change({ [name]: local === '' ? undefined : new Date(local).toISOString() })
      }
    />
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
