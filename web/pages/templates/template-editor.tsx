import { Alert, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { LineDiff } from '../../components/line-diff.tsx';
import { templatesText as text } from '../../text/templates.ts';
import { editableYaml, readTemplate } from './template-yaml.ts';

const YamlEditor = lazy(() => import('../../components/yaml-editor.tsx'));

/** A template as YAML to change: the platform checks it in a dry run, and shows what would be stored, before it is. */
export function TemplateEditor({
  kind,
  initial,
  check,
  compareWith,
  write,
  onWritten,
  checkLabel,
  writeLabel,
  children,
}: {
  kind: ManagedKind;
  initial: string;
  /** What would be stored. */
  check: (template: ManagedTemplate) => Promise<ManagedTemplate>;
  /** What is stored now, to compare it with. */
  compareWith?: string;
  write: (template: ManagedTemplate) => Promise<ManagedTemplate>;
  onWritten: (template: ManagedTemplate) => void;
  checkLabel: string;
  writeLabel: string;
  /** Said before it is stored. */
  children?: ReactNode;
}) {
  const [source, setSource] = useState(initial);
  const read = readTemplate(source, kind);
  const checking = useMutation({
    mutationFn: (template: ManagedTemplate) => check(template),
  });
  const writing = useMutation({
    mutationFn: (template: ManagedTemplate) => write(template),
    onSuccess: onWritten,
  });
  const edit = (next: string) => {
    setSource(next);
    checking.reset();
    writing.reset();
  };
  const back = () => {
    checking.reset();
    writing.reset();
  };
  const error = writing.error ?? checking.error;
  return (
    <Stack>
      {checking.data === undefined ? (
        <Suspense fallback={<Skeleton height="60vh" />}>
          <YamlEditor label={text.yamlLabel} value={source} onChange={edit} />
        </Suspense>
      ) : (
        <>
          <Alert color="green">{text.checked}</Alert>
          {compareWith === undefined ? (
            <Suspense fallback={<Skeleton height="50vh" />}>
              <YamlEditor label={text.yamlLabel} value={source} height="50vh" />
            </Suspense>
          ) : (
            <>
              <Title order={2}>{text.changes}</Title>
              <LineDiff
                before={compareWith}
                after={editableYaml(kind, checking.data)}
                label={text.changesLabel}
              />
            </>
          )}
          {children}
        </>
      )}
      {'fault' in read && (
        <Alert color="yellow" role="alert" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {read.fault}
        </Alert>
      )}
      {error !== null && (
        <Alert color="red" role="alert" style={{ overflowWrap: 'anywhere' }}>
          {error.message}
        </Alert>
      )}
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {checking.data === undefined && text.schemaHelp}
        </Text>
        <Group>
          {checking.data !== undefined && (
            <Button variant="default" onClick={back}>
              {text.backToEditing}
            </Button>
          )}
          {checking.data === undefined ? (
            <Button
              onClick={() => 'template' in read && checking.mutate(read.template)}
              disabled={'fault' in read || (compareWith !== undefined && source === compareWith)}
              loading={checking.isPending}
            >
              {checkLabel}
            </Button>
          ) : (
            <Button
              onClick={() => 'template' in read && writing.mutate(read.template)}
              loading={writing.isPending}
            >
              {writeLabel}
            </Button>
          )}
        </Group>
      </Group>
    </Stack>
  );
}
