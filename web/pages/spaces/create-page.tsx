import { CreateInstance } from '../../instances/create/create-instance.tsx';

/** Creates a space. */
export default function CreateSpacePage() {
  return <CreateInstance kind="space" />;
}
