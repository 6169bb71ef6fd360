import { useState } from 'react';

/** What stands in a field whose text counts once it is left; another `value`, from elsewhere, takes its place. */
export function useTyped(value: string): [typed: string, setTyped: (typed: string) => void] {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  return [typed, setTyped];
}
