import { Button } from '@mantine/core';
import { Empty } from '../../components/page-states.tsx';
import { resourcesText as text } from '../../text/resources.ts';

/** Asks before the YAML of a Secret is on the screen. */
export function SecretYamlGuard({ onShow }: { onShow: () => void }) {
  return (
    <Empty
      title={text.secretYaml}
      action={
        <Button variant="default" onClick={onShow}>
          {text.showYaml}
        </Button>
      }
    />
  );
}
