import { useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';
import classes from './table-width.module.css';

/** Whether there is no room for many columns. */
export function useIsNarrow(): boolean {
  return useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
}

/** Around a `DataTable`: gives its columns fixed widths, and on phones no more than the width of the page. */
export function TableWidth({ isNarrow, children }: { isNarrow: boolean; children: ReactNode }) {
  return <div className={isNarrow ? classes['narrow'] : classes['wide']}>{children}</div>;
}
