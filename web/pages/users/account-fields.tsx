import { TagsInput, TextInput } from '@mantine/core';
import { createCommand, patchCommand } from '../../components/kubectl-commands.ts';
import type { AccountPlural } from '../../server/accounts.ts';
import type { ErrorOf } from '../../components/form-dialog.tsx';
import { usersText } from '../../text/users.ts';

const text = usersText.form;
const isName = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;

export function isAccountName(name: string): boolean {
  return isName.test(name);
}

/** What a new user or team is called, for good. */
export function NameField({
  value,
  onChange,
  errorOf,
  isFixed = false,
}: {
  value: string;
  onChange: (value: string) => void;
  errorOf: ErrorOf;
  /** It is made already. */
  isFixed?: boolean;
}) {
  return (
    <TextInput
      label={text.name}
      description={text.nameWhy}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={(value !== '' && !isAccountName(value) && text.nameWrong) || errorOf('metadata.name')}
      autoComplete="off"
      spellCheck={false}
      readOnly={isFixed}
      required
      data-autofocus
    />
  );
}

/** Roles on the whole platform: those that everyone knows, or any other by its name. */
export function RolesField({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  return (
    <TagsInput
      label={text.role}
      description={text.roleWhy}
      value={value}
      onChange={onChange}
      data={Object.keys(usersText.roles)}
    />
  );
}

/** The command that makes what is given, or that changes what is there; undefined while the name is none. */
export function commandOf(
  plural: AccountPlural,
  name: string,
  { isNew, spec }: { readonly isNew: boolean; readonly spec: object },
): string | undefined {
  if (!isAccountName(name)) return undefined;
  if (!isNew) return patchCommand(plural, name, { spec });
  const given = Object.fromEntries(
    Object.entries(spec).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  );
  return createCommand(plural, { metadata: { name }, spec: given });
}
