/** Texts of dialogs with a form. */
export const formsText = {
  withKubectl: 'The same with kubectl (once: vcp connect management)',
} as const;
