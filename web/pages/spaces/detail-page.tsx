import { InstancePage } from '../../instances/detail/instance-page.tsx';
import { tabs } from '../../instances/detail/tabs.tsx';

const ofSpaces = [tabs.overview, tabs.operations, tabs.resources, tabs.access, tabs.sleep, tabs.yaml];

/** The page of one space. */
export default function SpacePage() {
  return <InstancePage kind="space" tabs={ofSpaces} />;
}
