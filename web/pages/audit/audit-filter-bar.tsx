import { Button, Group, Pill, TextInput } from '@mantine/core';
import { useState } from 'react';
import { uuidPattern } from '../../../contracts/rest/values.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { TimeFields } from '../../components/time-fields.tsx';
import { useTyped } from '../../components/use-typed.ts';
import { type AuditFilterName, auditFilterNames } from '../../server/audit.ts';
import { auditText as text } from '../../text/audit.ts';
import { commonText } from '../../text/common.ts';

const isUuid = new RegExp(uuidPattern);
const fields: readonly { readonly name: AuditFilterName; readonly width: number }[] = [
  { name: 'user', width: 120 },
  { name: 'verb', width: 90 },
  { name: 'resource', width: 140 },
  { name: 'name', width: 150 },
  { name: 'code', width: 80 },
  { name: 'requestId', width: 110 },
  { name: 'operationId', width: 110 },
];
/** Filters that links to this page set, and that are only taken away here. */
const byLink: readonly AuditFilterName[] = ['tenantCluster', 'space', 'cluster', 'namespace'];

/** Filters of the audit log; all of them are in the address. */
export function AuditFilterBar() {
  const [search, change] = usePageSearch();
  const names = [...auditFilterNames, 'from', 'to'] as const;
  const isFiltered = names.some((name) => search[name] !== undefined);
  return (
    <Group gap="xs" role="search" aria-label={text.filters} align="flex-start" mb="md">
      {fields.map(({ name, width }) => (
        <FilterField
          key={name}
          name={name}
          width={width}
          value={search[name] ?? ''}
          onChange={(value) => change({ [name]: value })}
        />
      ))}
      <TimeFields />
      {byLink.map((name) => {
        const value = search[name];
        return (
          value !== undefined && (
            <Pill
              key={name}
              withRemoveButton
              removeButtonProps={{ 'aria-label': text.remove(text.filterBy[name]) }}
              onRemove={() => change({ [name]: undefined })}
              size="md"
            >
              {text.filterBy[name]}: {value}
            </Pill>
          )
        );
      })}
      {isFiltered && (
        <Button
          size="xs"
          variant="subtle"
          onClick={() => change(Object.fromEntries(names.map((name) => [name, undefined])))}
        >
          {commonText.clearFilters}
        </Button>
      )}
    </Group>
  );
}

/** A text that is asked for when the field is left or Enter is pressed: half a name matches nothing. */
function FilterField({
  name,
  width,
  value,
  onChange,
}: {
  name: AuditFilterName;
  width: number;
  value: string;
  onChange: (value: string | undefined) => void;
}) {
  const [typed, setTyped] = useTyped(value);
  const [isTold, setIsTold] = useState(false);
  const fault = faultOf(name, typed.trim());
  const apply = () => {
    setIsTold(true);
    if (typed.trim() !== value && fault === undefined) onChange(typed.trim() || undefined);
  };
  return (
    <TextInput
      size="xs"
      w={width}
      aria-label={text.filterBy[name]}
      placeholder={text.filterBy[name]}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onBlur={apply}
      onKeyDown={({ key }) => {
        if (key === 'Enter') apply();
      }}
      error={isTold && fault}
      spellCheck={false}
    />
  );
}

function faultOf(name: AuditFilterName, typed: string): string | undefined {
  if (typed === '') return undefined;
  if (name === 'code') return /^[1-5]\d\d$/.test(typed) ? undefined : text.wrongCode;
  if (name === 'requestId' || name === 'operationId') return isUuid.test(typed) ? undefined : text.wrongId;
  return undefined;
}
