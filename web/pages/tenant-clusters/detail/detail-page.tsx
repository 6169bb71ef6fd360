import { lazy } from 'react';
import type { InstanceTab } from '../../../instances/detail/instance-view.ts';
import { InstancePage } from '../../../instances/detail/instance-page.tsx';
import { tabs } from '../../../instances/detail/tabs.tsx';
import { instanceText as text } from '../../../text/instance.ts';

const SnapshotsTab = lazy(() => import('./snapshots-tab.tsx'));

const snapshots: InstanceTab = {
  value: 'snapshots',
  label: text.snapshots,
  render: (view) => <SnapshotsTab {...view} />,
};
const ofTenantClusters = [
  tabs.overview,
  tabs.operations,
  tabs.resources,
  snapshots,
  tabs.access,
  tabs.sleep,
  tabs.yaml,
];

/** The page of one tenant cluster. */
export default function TenantClusterPage() {
  return <InstancePage kind="tenant" tabs={ofTenantClusters} />;
}
