import { Table, Text } from '@mantine/core';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { templatesText as text } from '../../text/templates.ts';

/** The parameters that a version declares. */
export function ParameterTable({ parameters }: { parameters: readonly AppParameter[] }) {
  if (parameters.length === 0) return <Text c="dimmed">{text.noParameters}</Text>;
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table verticalSpacing="xs" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="40%">{text.parameter}</Table.Th>
            <Table.Th w={100}>{text.type}</Table.Th>
            <Table.Th>{text.default}</Table.Th>
            <Table.Th>{text.rules}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {parameters.map((parameter) => (
            <ParameterRow key={parameter.variable} parameter={parameter} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function ParameterRow({ parameter }: { parameter: AppParameter }) {
  const { variable, label, description, type, defaultValue = '' } = parameter;
  const shownDefault = type === 'password' && defaultValue !== '' ? text.hidden : defaultValue;
  const wrap = { overflowWrap: 'anywhere' } as const;
  return (
    <Table.Tr style={{ verticalAlign: 'top' }}>
      <Table.Td style={wrap}>
        {label && <Text size="sm">{label}</Text>}
        <Text size="xs" ff="monospace">
          {variable}
        </Text>
        {description && (
          <Text size="sm" c="dimmed">
            {description}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{type || 'string'}</Table.Td>
      <Table.Td style={{ ...wrap, whiteSpace: 'pre-wrap' }}>{shownDefault}</Table.Td>
      <Table.Td style={wrap}>{rulesOf(parameter).join('; ')}</Table.Td>
    </Table.Tr>
  );
}

function rulesOf({
  required,
  options = [],
  type,
  min,
  max,
  validation,
  invalidation,
}: AppParameter): string[] {
  return [
    ...(required === true ? [text.required] : []),
    ...(options.length > 0 && type !== 'password' ? [text.oneOf(options.join(', '))] : []),
    ...(min === undefined ? [] : [text.atLeast(min)]),
    ...(max === undefined ? [] : [text.atMost(max)]),
    ...(validation ? [text.matches(validation)] : []),
    ...(invalidation ? [text.matchesNot(invalidation)] : []),
  ];
}
