import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { CommandBox } from '../../components/command-box.tsx';
import YamlEditor from '../../components/yaml-editor.tsx';
import { type AnyObject, type ObjectAt, typeName } from '../../server/kubernetes-objects.ts';
import { RequestFailure } from '../../server/problem.ts';
import {
  mayInsideQuery,
  replaceTenantObject,
  type TenantApi,
  tenantObjectQuery,
} from '../../server/tenant-api.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { kubectlCommand } from './kubectl-command.ts';
import { objectsIn, yamlOf } from './kubernetes-yaml.ts';

/** Unsaved changes, and what they are changes of: an object that changes meanwhile does not change under one's hands. */
interface Draft {
  readonly yaml: string;
  readonly of: AnyObject;
}

/** An object as YAML, to read and, who may, to change. What is applied is checked by the API server first. */
export default function ObjectYaml({ api, at, object }: { api: TenantApi; at: ObjectAt; object: AnyObject }) {
  const [draft, setDraft] = useState<Draft>();
  const queryClient = useQueryClient();
  const mayUpdate = useQuery(mayInsideQuery(api, { ...at, verb: 'update' })).data === true;
  const saving = useMutation({
    // It may be a Secret: it is kept no longer than it is shown.
    gcTime: 0,
    mutationFn: async ({ yaml, isCheck }: { yaml: string; isCheck: boolean }) => {
      const wanted = onlyObject(yaml, object);
      await replaceTenantObject(api, at, wanted, true);
      return isCheck ? undefined : replaceTenantObject(api, at, wanted, false);
    },
    onSuccess: (saved) => {
      if (saved === undefined) return;
      queryClient.setQueryData(tenantObjectQuery(api, at).queryKey, (shown) => shown && saved);
      setDraft(undefined);
    },
  });
  const { type, name, namespace } = at;
  const edit = (yaml: string) => {
    saving.reset();
    setDraft(({ of } = { yaml, of: object }) => ({ yaml, of }));
  };
  const discard = () => {
    saving.reset();
    setDraft(undefined);
  };
  const shown = draft?.yaml ?? yamlOf(object);
  return (
    <Stack gap="sm">
      <YamlEditor
        value={shown}
        label={text.editYaml(type.kind, name)}
        height="calc(100dvh - 330px)"
        {...(mayUpdate && !saving.isPending
          ? { onChange: (value: string) => value !== shown && edit(value) }
          : {})}
      />
      <Outcome saving={saving} draft={draft} object={object} onDiscard={discard} />
      {mayUpdate ? (
        <Group justify="flex-end" gap="xs">
          {draft !== undefined && (
            <Button variant="subtle" color="gray" onClick={discard}>
              {text.revert}
            </Button>
          )}
          <Button
            variant="default"
            disabled={draft === undefined}
            loading={saving.isPending && saving.variables.isCheck}
            onClick={() => draft !== undefined && saving.mutate({ yaml: draft.yaml, isCheck: true })}
          >
            {text.check}
          </Button>
          <Button
            disabled={draft === undefined}
            loading={saving.isPending && !saving.variables.isCheck}
            onClick={() => draft !== undefined && saving.mutate({ yaml: draft.yaml, isCheck: false })}
          >
            {text.save}
          </Button>
        </Group>
      ) : (
        <Text size="sm" c="dimmed">
          {text.readOnly}
        </Text>
      )}
      <CommandBox
        command={kubectlCommand(
          api.target,
          ...(mayUpdate ? ['edit'] : ['get', '--output', 'yaml']),
          ...[typeName(type), name],
          ...(namespace === undefined ? [] : ['--namespace', namespace]),
        )}
      />
    </Stack>
  );
}

function Outcome({
  saving,
  draft,
  object,
  onDiscard,
}: {
  saving: { readonly error: Error | null; readonly isSuccess: boolean };
  draft: Draft | undefined;
  object: AnyObject;
  onDiscard: () => void;
}) {
  const { error } = saving;
  if (error instanceof RequestFailure && error.status === 409)
    return (
      <Alert color="yellow" role="alert">
        <Stack gap="xs" align="flex-start">
          <Text size="sm" fw={500}>
            {error.message}
          </Text>
          {text.conflict}
          <Button variant="default" size="compact-sm" onClick={onDiscard}>
            {text.reload}
          </Button>
        </Stack>
      </Alert>
    );
  if (error !== null)
    return (
      <Alert color="red" role="alert" style={{ overflowWrap: 'anywhere' }}>
        {error.message}
      </Alert>
    );
  if (saving.isSuccess)
    return (
      <Alert color="green" role="status" py="xs">
        {draft === undefined ? text.saved : text.checked}
      </Alert>
    );
  if (draft !== undefined && draft.of.metadata.resourceVersion !== object.metadata.resourceVersion)
    return (
      <Alert color="yellow" role="status" py="xs">
        {text.changedMeanwhile}
      </Alert>
    );
  return null;
}

/** What the text says, if it is still this object. @throws Error what is wrong, for people */
function onlyObject(yaml: string, object: AnyObject): AnyObject {
  const [wanted, ...others] = objectsIn(yaml);
  const isSame =
    wanted !== undefined &&
    others.length === 0 &&
    wanted.kind === object.kind &&
    wanted.metadata.name === object.metadata.name &&
    wanted.metadata.namespace === object.metadata.namespace;
  if (!isSame) throw new Error(text.otherObject);
  return wanted;
}
