/** What the kinds of instances are called, as titles. */
export const kindText = {
  tenant: { plural: 'Tenant clusters' },
  space: { plural: 'Spaces' },
} as const;
