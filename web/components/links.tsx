import { Anchor, type AnchorProps, Button, type ButtonProps, Menu, type MenuItemProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ReactNode, Ref } from 'react';

/** A link to another page of the console, with its address checked by the compiler. */
export const PageLink = createLink(
  ({
    ref,
    ...props
  }: Omit<AnchorProps, 'href'> & {
    ref?: Ref<HTMLAnchorElement>;
    children?: ReactNode;
    onClick?: () => void;
  }) => <Anchor ref={ref} inherit {...props} />,
);

/** A button that leads to another page. */
export const ButtonLink = createLink(
  ({ ref, ...props }: ButtonProps & { ref?: Ref<HTMLAnchorElement>; children?: ReactNode }) => (
    <Button component="a" ref={ref} {...props} />
  ),
);

/** An item of a menu that leads to another page. */
export const MenuLink = createLink(
  ({ ref, ...props }: MenuItemProps & { ref?: Ref<HTMLAnchorElement>; children?: ReactNode }) => (
    <Menu.Item component="a" ref={ref} {...props} />
  ),
);
