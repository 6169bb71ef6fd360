import { Alert, Box, Button, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import type { Operation } from '../../../contracts/operations.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { consoleKinds } from '../../server/console-kinds.ts';
import { firstOperation } from '../../server/first-operation.ts';
import { createObject } from '../../server/management.ts';
import type { UsableTemplates } from '../../server/project-subresources.ts';
import { createText as text } from '../../text/create.ts';
import { newestVersion } from '../../components/template-versions.ts';
import { AccessFields } from './access-fields.tsx';
import classes from './create-form.module.css';
import type { Draft } from './draft.ts';
import { localFaults } from './local-faults.ts';
import { ManifestPane } from './manifest-pane.tsx';
import { NamingFields } from './naming-fields.tsx';
import { ParameterFields } from './parameter-fields.tsx';
import { PlacementFields } from './placement-fields.tsx';
import { refusalOf } from './refusal.ts';
import { SleepFields } from './sleep-fields.tsx';
import { TemplateFields } from './template-fields.tsx';
import { choiceOf, withTemplate } from './template-selection.ts';
import { type DryRun, useDryRun } from './use-dry-run.ts';

const emptyDraft: Draft = { metadata: { name: '' }, spec: {} };

/** The form, the resource beside it, and what the platform says of both. */
export function CreateForm({
  kind,
  project,
  usable,
  projectSelect,
}: {
  kind: ManagedKind;
  project: string;
  usable: UsableTemplates;
  projectSelect: ReactNode;
}) {
  const [search] = usePageSearch();
  const [draft, setDraft] = useState(() => firstDraft(kind, usable, search));
  const [isDue, setDue] = useState(false);
  /** The draft beside which the YAML says what cannot be read. */
  const [unreadableAt, setUnreadableAt] = useState<Draft>();
  const form = useRef<HTMLFormElement>(null);
  const create = useCreate(kind, project);
  const show = useShowMade(kind, project);
  const choice = choiceOf(draft, usable);
  const isComplete = Object.keys(localFaults(kind, draft, choice, true)).length === 0;
  const dryRun = useDryRun({ kind, project }, draft, isComplete);
  const refused = create.error === null ? dryRun.faults : refusalOf(create.error);
  const faults = { ...refused.fields, ...localFaults(kind, draft, choice, isDue) };
  const change = (next: Draft) => {
    // What is being made does not change under one's hands.
    if (create.isPending) return;
    create.reset();
    setDraft(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setDue(true);
    if (create.isPending) return;
    if (isComplete && unreadableAt !== draft) create.mutate(draft, { onSuccess: show });
    else
      setTimeout(() =>
        form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid="true"]')?.focus(),
      );
  };
  const section = { kind, project, draft, change, faults };
  return (
    <form ref={form} onSubmit={submit} noValidate className={classes['columns']}>
      <Stack gap="xl" className={classes['fields']}>
        {projectSelect}
        <TemplateFields {...section} usable={usable} choice={choice} />
        <NamingFields {...section} />
        <ParameterFields {...section} choice={choice} />
        <PlacementFields {...section} template={choice.template} />
        <AccessFields {...section} />
        <SleepFields {...section} />
      </Stack>
      <Box className={classes['aside']}>
        <ManifestPane
          place={{ kind, project }}
          draft={draft}
          change={change}
          parameters={choice.parameters}
          onReadable={(isReadable) => setUnreadableAt(isReadable ? undefined : draft)}
        />
        <Stack gap="xs" className={classes['submit']}>
          {refused.rest !== undefined && (
            <Alert color="red" role="alert" style={{ overflowWrap: 'anywhere' }}>
              {refused.rest}
            </Alert>
          )}
          <Button type="submit" loading={create.isPending} fullWidth>
            {text.create[kind]}
          </Button>
          <Text size="sm" c="dimmed" role="status" mih="1.5em" style={{ overflowWrap: 'anywhere' }}>
            {unreadableAt === draft
              ? text.unreadable
              : stateText(create.isPending, Object.values(faults)[0], dryRun.state)}
          </Text>
        </Stack>
      </Box>
    </form>
  );
}

function stateText(isPending: boolean, fault: string | undefined, state: DryRun['state']): string {
  if (isPending) return text.starting;
  if (fault !== undefined) return text.mend(fault);
  if (state === 'checking') return text.checking;
  return state === 'accepted' ? text.accepted : '';
}

/** What the address asks for, or else the project's default, or else the only one that there is; a space needs none. */
function firstDraft(
  kind: ManagedKind,
  { templates, byDefault }: UsableTemplates,
  { template: asked, version, name = '' }: { template?: string; version?: string; name?: string },
): Draft {
  const draft = { ...emptyDraft, metadata: { name } };
  const wanted =
    asked ??
    byDefault ??
    (consoleKinds[kind].hasOwnValues && templates.length === 1 ? templates[0]?.metadata.name : undefined);
  if (wanted === undefined) return draft;
  const template = templates.find(({ metadata }) => metadata.name === wanted);
  if (template === undefined) return { ...draft, spec: { templateRef: { name: wanted } } };
  return withTemplate(
    draft,
    template,
    (asked === undefined ? undefined : version) ?? newestVersion(template),
  );
}

interface Made {
  readonly name: string;
  readonly operation: Operation | undefined;
}

/** Creates it, and waits for its first operation. */
function useCreate(kind: ManagedKind, project: string) {
  return useMutation({
    // A draft holds passwords: it is kept no longer than it is shown.
    gcTime: 0,
    mutationFn: async (draft: Draft): Promise<Made> => {
      const { metadata } = await createObject(kindNames[kind].plural, draft, { project });
      const { name, creationTimestamp } = metadata;
      // It is made already: that its operation cannot be read is not a reason to make it again.
      const operation = await firstOperation({ kind, project, name }, creationTimestamp).catch(
        () => undefined,
      );
      return { name, operation };
    },
  });
}

/** Leads to the first operation of what was made, or to its page. Called only while the form is shown. */
function useShowMade(kind: ManagedKind, project: string) {
  const navigate = useNavigate();
  return ({ name, operation }: Made) =>
    void (operation === undefined
      ? navigate({ to: consoleKinds[kind].pages.one, params: { project, name } })
      : navigate({ to: '/operations/$id', params: { id: operation.id } }));
}
