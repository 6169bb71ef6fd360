import { InstanceListPage } from '../../instances/table/instance-list-page.tsx';

export default function SpacesPage() {
  return <InstanceListPage kind="space" />;
}
