import { createTheme } from '@mantine/core';
import { commonText } from '../text/common.ts';

const closeButtonProps = { 'aria-label': commonText.close };

/** Calm: neutral surfaces, one accent, colour only for state. */
export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: 8,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.15rem' }, h3: { fontSize: '1rem' } },
  },
  components: {
    // Titles in the colour of an alert are hard to read on its background.
    Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
    Table: { defaultProps: { verticalSpacing: 6, highlightOnHover: true } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4 }, closeButtonProps } },
    Drawer: { defaultProps: { closeButtonProps } },
  },
});
