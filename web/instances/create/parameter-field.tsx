import { Checkbox, PasswordInput, Select, Textarea, TextInput } from '@mantine/core';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { createText as text } from '../../text/create.ts';

interface FieldProps {
  readonly parameter: AppParameter;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** A field for one parameter of a template. An empty one leaves the template's default. */
export function ParameterField(props: FieldProps) {
  const { type, options = [] } = props.parameter;
  if (type === 'boolean') return <BooleanField {...props} />;
  return options.length > 0 && type !== 'password' ? <OptionField {...props} /> : <TextField {...props} />;
}

const isTrue = (value: string) => ['true', 't', '1', 'yes', 'y', 'on'].includes(value.trim().toLowerCase());

function BooleanField({ parameter, value, fault, onChange }: FieldProps) {
  const { variable, label, defaultValue = '' } = parameter;
  return (
    <Checkbox
      label={label || variable}
      description={describe(parameter)}
      error={fault}
      checked={isTrue(value === '' ? defaultValue : value)}
      onChange={({ currentTarget: { checked } }) =>
        onChange(checked === isTrue(defaultValue) ? undefined : String(checked))
      }
    />
  );
}

function OptionField({ parameter, value, fault, onChange }: FieldProps) {
  const { options = [], defaultValue = '', placeholder } = parameter;
  const isKnown = value === '' || options.includes(value);
  return (
    <Select
      {...inputProps(parameter, fault)}
      data={[...new Set(isKnown ? options : [...options, value])]}
      value={value === '' ? null : value}
      placeholder={defaultValue || placeholder || undefined}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      searchable={options.length > 8}
      clearable={value !== ''}
      maw={420}
    />
  );
}

function TextField({ parameter, value, fault, onChange }: FieldProps) {
  const { type, defaultValue = '', placeholder } = parameter;
  const props = {
    ...inputProps(parameter, fault),
    value,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => onChange(currentTarget.value),
    placeholder: placeholder || (type === 'password' ? '' : defaultValue.split('\n')[0]) || undefined,
    autoComplete: type === 'password' ? 'new-password' : 'off',
    spellCheck: false,
  };
  if (type === 'password') return <PasswordInput {...props} maw={420} />;
  if (type === 'multiline') return <Textarea {...props} autosize minRows={3} maxRows={16} />;
  return <TextInput {...props} inputMode={type === 'number' ? 'decimal' : 'text'} maw={420} />;
}

function inputProps(parameter: AppParameter, fault: string | undefined) {
  const { variable, label, required, defaultValue = '' } = parameter;
  return {
    label: label || variable,
    description: describe(parameter),
    error: fault,
    withAsterisk: required === true && defaultValue === '',
  };
}

function describe(parameter: AppParameter): string | undefined {
  const { description = '', type, min, max } = parameter;
  const range = type === 'number' && min !== undefined && max !== undefined ? text.between(min, max) : '';
  const parts = [description, range, defaultText(parameter)].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.map((part) => part.replace(/[.]$/, '')).join('. ');
}

function defaultText({ type, defaultValue = '' }: AppParameter): string {
  if (defaultValue === '' || type === 'boolean') return '';
  const isShort = defaultValue.length <= 60 && !defaultValue.includes('\n');
  return type === 'password' || !isShort ? text.hiddenDefault : text.defaultIs(defaultValue);
}
