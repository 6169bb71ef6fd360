import { useEffect, useState } from 'react';

/**
 * Gives the focus back to what had it before a dialog that is mounted open, once that is taken away: Mantine does so only for those
 * that stay mounted.
 */
export function useReturnFocus(isOpen = true): void {
  const [before] = useState(() => (isOpen ? document.activeElement : null));
  useEffect(
    () => () => {
      // The dialog is out of the document then, and with it what had the focus.
      setTimeout(() => {
        const isLost = document.activeElement === null || document.activeElement === document.body;
        if (isLost && before instanceof HTMLElement && before.isConnected)
          before.focus({ preventScroll: true });
      });
    },
    [before],
  );
}
