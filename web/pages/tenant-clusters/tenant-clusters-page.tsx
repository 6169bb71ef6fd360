import { InstanceListPage } from '../../instances/table/instance-list-page.tsx';

export default function TenantClustersPage() {
  return <InstanceListPage kind="tenant" />;
}
