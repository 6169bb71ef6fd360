import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { usePageSearch } from '../../components/page-search.ts';
import { useTyped } from '../../components/use-typed.ts';
import { namespacesQuery, type TenantApi } from '../../server/tenant-api.ts';
import { resourcesText as text } from '../../text/resources.ts';

/** Of which namespace objects are shown. Who may not list namespaces names one. */
export function NamespacePicker({ api }: { api: TenantApi }) {
  const [{ namespace }, change] = usePageSearch();
  const namespaces = useQuery({ ...namespacesQuery(api), enabled: api.onlyNamespace === undefined });
  if (api.onlyNamespace !== undefined)
    return <TextInput aria-label={text.namespace} size="xs" value={api.onlyNamespace} readOnly w={220} />;
  if (namespaces.error !== null)
    return (
      <NamespaceField
        value={namespace ?? ''}
        onChange={(value) => change({ namespace: value || undefined })}
      />
    );
  const names = namespaces.data ?? [];
  const known = namespace === undefined || names.includes(namespace) ? names : [namespace, ...names];
  return (
    <Select
      aria-label={text.namespace}
      size="xs"
      placeholder={text.allNamespaces}
      data={[...known]}
      value={namespace ?? null}
      onChange={(value) => change({ namespace: value ?? undefined })}
      searchable
      clearable
      w={220}
    />
  );
}

/** A name to type, which counts once the field is left or Enter is pressed. */
function NamespaceField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useTyped(value);
  const apply = () => {
    if (typed.trim() !== value) onChange(typed.trim());
  };
  return (
    <TextInput
      aria-label={text.namespace}
      size="xs"
      placeholder={text.allNamespaces}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onBlur={apply}
      onKeyDown={({ key }) => {
        if (key === 'Enter') apply();
      }}
      spellCheck={false}
      w={220}
    />
  );
}
