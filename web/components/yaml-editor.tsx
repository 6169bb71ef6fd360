import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { tags } from '@lezer/highlight';
import { useComputedColorScheme } from '@mantine/core';
import CodeMirror, { EditorView } from '@uiw/react-codemirror';
import { cspNonce } from './csp-nonce.ts';

/** The colours of the page, which can be read in both themes. */
const colours = EditorView.theme({
  '&': { color: 'var(--mantine-color-text)', backgroundColor: 'var(--mantine-color-body)', fontSize: '13px' },
  '.cm-gutters, .cm-gutters .cm-activeLineGutter': {
    color: 'var(--mantine-color-dimmed)',
    backgroundColor: 'var(--mantine-color-body)',
  },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
});
const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.keyword], color: 'var(--vcp-busy)' },
    { tag: [tags.string, tags.special(tags.string)], color: 'var(--vcp-good)' },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--vcp-asleep)' },
    { tag: [tags.comment, tags.meta], color: 'var(--mantine-color-dimmed)' },
  ]),
);

/** A text in YAML, to read or to change. Loaded only where one is shown (`React.lazy`). */
export default function YamlEditor({
  value,
  onChange,
  label,
  height = '60vh',
}: {
  value: string;
  onChange?: (value: string) => void;
  label: string;
  height?: string;
}) {
  const scheme = useComputedColorScheme('light');
  return (
    <CodeMirror
      value={value}
      height={height}
      theme="none"
      basicSetup={{ syntaxHighlighting: false }}
      readOnly={onChange === undefined}
      extensions={[
        yaml(),
        colours,
        highlighting,
        EditorView.darkTheme.of(scheme === 'dark'),
        EditorView.lineWrapping,
        EditorView.cspNonce.of(cspNonce()),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      ]}
      {...(onChange === undefined ? {} : { onChange })}
    />
  );
}
