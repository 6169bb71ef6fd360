/** Texts of two texts compared. */
export const diffText = {
  same: 'There is no difference.',
  left: (lines: number) => (lines === 1 ? '… 1 line is the same' : `… ${lines} lines are the same`),
  added: 'Added:',
  removed: 'Removed:',
} as const;
