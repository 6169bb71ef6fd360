/** Texts about connecting to a tenant cluster or a space. */
export const connectText = {
  title: (name: string) => `Connect to ${name}`,
  boxTitle: 'Connect',
  boxWhy: 'With kubectl, from your machine. The requests go through the platform, under your own name.',
  more: 'Kubeconfig for download …',
  login: 'Log in, once on each machine',
  context: 'Add a context to your kubeconfig; there is no key in it',
  thenUse: { tenant: 'Then', space: 'Then, in the namespace of the space' },
  asleep: 'It is asleep. The first request wakes it, and waits until it is up.',
  keyTitle: 'Kubeconfig with a key',
  keyWhy:
    'For a machine without vcp, such as a CI job. The key opens this tenant cluster and nothing else. It ends when its lifetime or your session does, whichever is first.',
  lifetime: 'Lifetime of the key',
  lifetimes: { '3600': '1 hour', '28800': '8 hours', '86400': '24 hours' },
  make: 'Make a kubeconfig',
  madeUntil: (time: string) =>
    `This is shown once. Anyone who has this file may use the tenant cluster until ${time}. Keep it as you keep a password.`,
  kubeconfig: 'Kubeconfig',
  download: 'Download',
  mayNotUse: 'You may see it, but not use it. Ask its owner for access.',
} as const;
