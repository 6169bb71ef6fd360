/** Texts of the frame around all pages. */
export const shellText = {
  product: 'vcluster-platform',
  skipToContent: 'Skip to content',
  navigation: 'Main navigation',
  openNavigation: 'Open navigation',
  home: 'Home',
  tenantClusters: 'Tenant clusters',
  spaces: 'Spaces',
  operations: 'Operations',
  snapshots: 'Snapshots',
  templates: 'Templates',
  administration: 'Administration',
  projects: 'Projects',
  clusters: 'Connected clusters',
  users: 'Users and teams',
  audit: 'Audit',
  settings: 'Settings',
  allProjects: 'All projects',
  project: 'Project',
  search: 'Search or run a command',
  nothingFound: 'Nothing found',
  runningOperations: (count: number) =>
    count === 0
      ? 'No operation runs'
      : count === 1
        ? '1 operation runs or waits'
        : `${count} operations run or wait`,
  allOperations: 'All operations',
  help: 'Help',
  shortcuts: 'Keyboard shortcuts',
  apiReference: 'API reference',
  profile: 'Your account',
  accessKeys: 'Access keys',
  signOut: 'Sign out',
  theme: 'Theme',
  light: 'Light',
  dark: 'Dark',
  system: 'As the system',
  sessionEnded: 'Your session has ended',
  sessionEndedWhy:
    'You were signed in for too long without using the platform, somebody ended your session, or somebody else signed in in this browser. Sign in again to come back to this page; what you have not saved is lost.',
  signInAgain: 'Sign in again',
  away: (since: string) => `Not connected since ${since}. You see what was last known; trying again …`,
  pageNotFound: 'There is no such page',
  pageNotFoundWhy: 'The address may be mistyped, or the page was moved.',
  toHome: 'Go to the home page',
  updated:
    'The console was updated since this page was opened, or the platform does not answer. Load the page again.',
  somethingFailed: 'This page failed to show',
  tryAgain: 'Try again',
  loading: 'Loading …',
} as const;
