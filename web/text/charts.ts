/** Texts of charts. */
export const chartsText = {
  asTable: 'Show as a table',
  asChart: 'Show as a chart',
  time: 'Time',
} as const;
