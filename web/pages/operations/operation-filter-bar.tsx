import { Button, Group, MultiSelect, Pill, Select, TextInput } from '@mantine/core';
import { operationKinds } from '../../../contracts/kinds.ts';
import { operationStates } from '../../../contracts/operations.ts';
import { operationTypes } from '../../../contracts/verbs.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { TimeFields } from '../../components/time-fields.tsx';
import { useTyped } from '../../components/use-typed.ts';
import { commonText } from '../../text/common.ts';
import { operationsText as text } from '../../text/operations.ts';
import { stateText, verbText } from '../../text/states.ts';

const named = ['tenantCluster', 'space', 'cluster'] as const;
const none = {
  state: undefined,
  type: undefined,
  kind: undefined,
  actor: undefined,
  from: undefined,
  to: undefined,
  tenantCluster: undefined,
  space: undefined,
  cluster: undefined,
} as const;

/** Filters of the list of operations; all of them are in the address. */
export function OperationFilterBar() {
  const [search, change] = usePageSearch();
  const isFiltered = Object.keys(none).some((name) => search[name as keyof typeof none] !== undefined);
  return (
    <Group gap="xs" role="search" aria-label={text.filters} align="flex-end">
      <Choices
        label={text.state}
        placeholder={text.anyState}
        value={search.state}
        onChange={(state) => change({ state })}
        data={operationStates.map((value) => ({ value, label: stateText[value] }))}
      />
      <Choices
        label={text.type}
        placeholder={text.anyType}
        value={search.type}
        onChange={(type) => change({ type })}
        data={operationTypes.map((value) => ({ value, label: verbText[value] ?? value }))}
      />
      <Select
        size="xs"
        w={{ base: 'calc(50% - 5px)', sm: 160 }}
        aria-label={text.kind}
        placeholder={text.anyKind}
        value={search.kind ?? null}
        onChange={(kind) => change({ kind: kind ?? undefined })}
        data={operationKinds.map((value) => ({ value, label: text.kinds[value] }))}
        clearable
      />
      <ActorField />
      <TimeFields />
      {named.map((name) => {
        const value = search[name];
        return (
          value !== undefined && (
            <Pill
              key={name}
              withRemoveButton
              removeButtonProps={{ 'aria-label': text.remove(value) }}
              onRemove={() => change({ [name]: undefined })}
              size="md"
              bg="var(--mantine-color-default-hover)"
            >
              {text.only[name]}: {value}
            </Pill>
          )
        );
      })}
      {isFiltered && (
        <Button size="xs" variant="subtle" onClick={() => change(none)}>
          {commonText.clearFilters}
        </Button>
      )}
    </Group>
  );
}

/** Some of several, separated by commas in the address. */
function Choices({
  label,
  placeholder,
  value,
  onChange,
  data,
}: {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  data: { readonly value: string; readonly label: string }[];
}) {
  const known = (value?.split(',') ?? []).filter((one) => data.some((choice) => choice.value === one));
  return (
    <MultiSelect
      size="xs"
      w={{ base: 'calc(50% - 5px)', sm: 'auto' }}
      miw={{ sm: 170 }}
      maw={{ sm: 360 }}
      aria-label={label}
      {...(known.length === 0 ? { placeholder } : {})}
      value={known}
      onChange={(chosen) => onChange(chosen.length === 0 ? undefined : chosen.join(','))}
      data={data}
      clearable
    />
  );
}

/** Asks for one user when the field is left or Enter is pressed: half a name matches nothing. */
function ActorField() {
  const [{ actor = '' }, change] = usePageSearch();
  const [typed, setTyped] = useTyped(actor);
  const apply = () => change({ actor: typed.trim() === '' ? undefined : typed.trim() });
  return (
    <TextInput
      size="xs"
      w={{ base: 'calc(50% - 5px)', sm: 150 }}
      aria-label={text.actor}
      placeholder={text.actor}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onBlur={() => {
        if (typed.trim() !== actor) apply();
      }}
      onKeyDown={({ key }) => {
        if (key === 'Enter') apply();
      }}
    />
  );
}
