import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** A button that opens a list of which any number may be chosen. */
export function CheckMenu<K extends string>({
  label,
  options,
  chosen,
  onChange,
  foot,
  icon,
  name,
}: {
  /** What stands on the button. */
  label: ReactNode;
  options: readonly { readonly key: K; readonly label: string }[];
  chosen: readonly K[];
  onChange: (chosen: readonly K[]) => void;
  /** More items below the list. */
  foot?: ReactNode;
  icon?: ReactNode;
  /** What the button is called, if its label alone does not say what it chooses. */
  name?: string;
}) {
  const toggled = (key: K) => (chosen.includes(key) ? chosen.filter((one) => one !== key) : [...chosen, key]);
  return (
    <Menu closeOnItemClick={false} position="bottom-start" withinPortal returnFocus>
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          fw={400}
          rightSection={<IconChevronDown size={14} />}
          leftSection={icon}
          aria-label={name}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {options.map(({ key, label: option }) => (
          <Menu.CheckboxItem key={key} checked={chosen.includes(key)} onChange={() => onChange(toggled(key))}>
            {option}
          </Menu.CheckboxItem>
        ))}
        {foot}
      </Menu.Dropdown>
    </Menu>
  );
}
