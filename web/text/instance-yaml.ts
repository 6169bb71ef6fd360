/** Texts about an object as YAML. */
export const yamlText = {
  title: 'YAML',
  why: 'The resource as the management API has it, without the list of who manages which field.',
  editWhy:
    'Labels, annotations and spec. What the platform says of its state is left out. Nothing is changed before you apply it.',
  resource: (name: string) => `Resource ${name} as YAML`,
  edit: 'Edit',
  stop: 'Discard my changes',
  check: 'Check',
  apply: 'Apply',
  goOn: 'Go on editing',
  reviewTitle: 'What would change',
  reviewWhy: 'The platform accepts this. Nothing is changed yet.',
  nothing: 'You changed nothing, or only what the platform decides by itself.',
  notAnObject: 'This is not the YAML of one object.',
  otherObject: 'The name, namespace and kind of an object cannot be changed.',
  applied: 'It was changed',
  conflictTitle: 'It was changed by somebody else meanwhile',
  conflict: (fields: string) => `You and they changed the same: ${fields}.`,
  keepMine: 'Put my changes on top of the newest',
  takeTheirs: 'Start again from the newest',
  refusedTitle: 'It was not accepted',
} as const;
