/**
 * In which order processes are stopped; those of one line together. First what takes requests and starts work,
 * then the node (with the pods it runs), then servers before what they store in.
 */
export const stopOrder: readonly (readonly string[])[] = [
  ['seed-apiserver', 'seed-etcd'],
  ['gateway'],
  ['controllers'],
  ['worker'],
  ['agent'],
  ['node'],
  ['temporal-ui', 'temporal', 'management-controller-manager', 'local-controller-manager', 'local-scheduler'],
  ['management-apiserver', 'local-apiserver'],
  ['kine', 'local-etcd'],
  ['postgres'],
];
