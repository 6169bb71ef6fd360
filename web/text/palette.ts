/** Texts of the command palette. */
export const paletteText = {
  goTo: 'Go to',
  commands: 'Commands',
  createTenantCluster: 'Create a tenant cluster',
  lightTheme: 'Switch to the light theme',
  darkTheme: 'Switch to the dark theme',
} as const;
