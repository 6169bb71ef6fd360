import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { commonText as text } from '../text/common.ts';

const pauseMs = 250;

/** The search of a list: tells what was typed after a pause; the key `/` leads to it. */
export function SearchInput({
  value = '',
  onSearch,
  label,
}: {
  value?: string | undefined;
  onSearch: (value: string | undefined) => void;
  label: string;
}) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const input = useRef<HTMLInputElement>(null);
  const tell = useDebouncedCallback((now: string) => {
    told.current = now.trim();
    onSearch(told.current === '' ? undefined : told.current);
  }, pauseMs);
  useEffect(() => {
    // Somebody else changed it: the filters were cleared, or one went back.
    if (value === told.current) return;
    told.current = value;
    setTyped(value);
  }, [value]);
  useSlashKey(() => input.current?.focus());

  function change(now: string): void {
    setTyped(now);
    tell(now);
  }
  return (
    <TextInput
      ref={input}
      type="search"
      size="xs"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={14} />}
      rightSection={
        typed === '' ? (
          <Kbd size="xs" visibleFrom="sm" aria-hidden>
            /
          </Kbd>
        ) : (
          <CloseButton size="xs" aria-label={text.clearSearch} onClick={() => change('')} />
        )
      }
      value={typed}
      onChange={({ currentTarget }) => change(currentTarget.value)}
      w={{ base: '100%', sm: 240 }}
    />
  );
}

/** Calls `act` when `/` is pressed where it is not text, before the command palette takes it. */
function useSlashKey(act: () => void): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    function pressed(event: KeyboardEvent): void {
      const { key, ctrlKey, metaKey, altKey, target } = event;
      const isText =
        target instanceof HTMLElement &&
        (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
      if (
        key !== '/' ||
        ctrlKey ||
        metaKey ||
        altKey ||
        isText ||
        document.querySelector('[aria-modal=true]') !== null
      )
        return;
      event.preventDefault();
      event.stopPropagation();
      latest.current();
    }
    window.addEventListener('keydown', pressed, { capture: true });
    return () => window.removeEventListener('keydown', pressed, { capture: true });
  }, []);
}
