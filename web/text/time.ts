/** Texts of the fields that choose a time. */
export const timeText = {
  time: 'Time',
  anyTime: 'Any time',
  ranges: { '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days' },
  between: 'Between …',
  from: 'From',
  to: 'Until',
} as const;
