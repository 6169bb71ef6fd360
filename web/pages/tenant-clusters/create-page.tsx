import { CreateInstance } from '../../instances/create/create-instance.tsx';

/** Creates a tenant cluster. */
export default function CreateTenantClusterPage() {
  return <CreateInstance kind="tenant" />;
}
