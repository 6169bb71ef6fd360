/** What a condition says, in words: when it is true, and when it is not. */
export const conditionText: Readonly<Record<string, readonly [isTrue: string, isFalse: string]>> = {
  Ready: ['All is as it was asked for', 'It is not as it was asked for'],
  Reconciling: ['A change is under way', 'No change is under way'],
  Stalled: ['It does not get on by itself', 'Nothing holds it up'],
  VirtualClusterReady: ['The control plane is up', 'The control plane is not up'],
  VirtualClusterSynced: [
    'What is deployed is what was asked for',
    'What is deployed is not what was asked for',
  ],
  VirtualClusterDeployed: ['The chart is deployed', 'The chart is not deployed'],
  SpaceReady: ['The namespace is there and pods may run', 'No pods run in the namespace'],
  SpaceSynced: ['The namespace is as it was asked for', 'The namespace is not as it was asked for'],
  Scheduled: ['A connected cluster was found for it', 'No connected cluster was found for it'],
  TemplateSynced: ['It follows its template', 'It does not follow its template'],
  SleepScheduleValid: ['Its sleep policy holds', 'Its sleep policy does not hold'],
  AccessGranted: ['Who has access can get in', 'Changes of access cannot be written'],
  StoreWritable: ['Its store takes changes', 'Its store takes no changes'],
  FieldsIgnored: ['Some fields of it are kept and not acted on', 'Every field of it is acted on'],
  ControlPlaneReachable: ['The control plane answers', 'The control plane does not answer'],
  NamespaceFound: ['Its namespace is there', 'Its namespace is gone'],
  DataKept: ['Its data were kept', 'It was made again without its data'],
  VirtualClusterAutoDeletionPending: [
    'It is going to be deleted, since nobody uses it',
    'It is not going to be deleted',
  ],
  VirtualClusterAutoDeletionBlocked: [
    'It would be deleted, but something prevents that',
    'Nothing prevents its deletion',
  ],
  SpaceAutoDeletionPending: [
    'It is going to be deleted, since nobody uses it',
    'It is not going to be deleted',
  ],
  SpaceAutoDeletionBlocked: [
    'It would be deleted, but something prevents that',
    'Nothing prevents its deletion',
  ],
  DeletionBlocked: ['Something holds up its deletion', 'Nothing holds up its deletion'],
};

export const conditionsText = {
  title: 'Conditions',
  none: 'The platform has not said anything about it yet.',
  allFine: (count: number) => (count === 1 ? 'It is as it should be' : `All ${count} are as they should be`),
  othersFine: (count: number) =>
    count === 1 ? '1 other is as it should be' : `${count} others are as they should be`,
  underWay: 'A change is under way',
  notKnown: (type: string) => `Not known: ${type}`,
  holds: (type: string) => `${type}: yes`,
  fails: (type: string) => `${type}: no`,
} as const;
