import { useEffect } from 'react';
import { shellText as text } from '../text/shell.ts';

/** Names the page in the tab of the browser, as long as it is shown. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
    return () => {
      document.title = text.product;
    };
  }, [title]);
}
