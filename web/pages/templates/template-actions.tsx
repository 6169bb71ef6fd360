import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { ButtonLink, MenuLink } from '../../components/links.tsx';
import { consoleKinds } from '../../server/console-kinds.ts';
import { mayQuery } from '../../server/permissions.ts';
import { templatesText as text } from '../../text/templates.ts';
import { DeleteTemplate } from './delete-template.tsx';
import { pluralOf } from './template-kind.ts';

/** What the caller may do with a template. */
export function TemplateActions({ kind, template }: { kind: ManagedKind; template: ManagedTemplate }) {
  const [isDeleting, { open, close }] = useDisclosure(false);
  const { name } = template.metadata;
  const resource = pluralOf(kind);
  const mayDelete = useQuery(mayQuery({ verb: 'delete', resource, name })).data === true;
  const mayCreate = useQuery(mayQuery({ verb: 'create', resource })).data === true;
  const mayUpdate = template.status?.canUpdate === true;
  return (
    <>
      {template.status?.canUse === true && (
        <ButtonLink to={consoleKinds[kind].pages.create} search={{ template: name }}>
          {text.createFrom}
        </ButtonLink>
      )}
      {(mayDelete || mayCreate || mayUpdate) && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label={text.more}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mayUpdate && (
              <MenuLink
                to="/templates/$plural/$name"
                params={{ plural: resource, name }}
                search={{ tab: 'yaml' }}
              >
                {text.edit}
              </MenuLink>
            )}
            {mayCreate && (
              <MenuLink to="/templates" search={{ tab: 'new', resource, template: name }}>
                {text.duplicate}
              </MenuLink>
            )}
            {mayDelete && (
              <Menu.Item c="var(--vcp-failed)" onClick={open}>
                {text.delete}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <DeleteTemplate
        opened={isDeleting}
        onClose={close}
        kind={kind}
        name={name}
        uid={template.metadata.uid}
      />
    </>
  );
}
