import type { OperationInput } from '../contracts/workflows.ts';
import { runOperation } from './steps/run-operation.ts';

/**
 * Upgrades the agent of a connected cluster, to the version of the platform or to a given image. Id `operation/<id>`; signal `turn`,
 * query `progress`. A failure or cancel changes the image back.
 */
export async function upgradeCluster(input: OperationInput): Promise<void> {
  const asked = input.parameters.image;
  await runOperation('cluster', input, {
    async run(run) {
      const cluster = run.target;
      const { former, image } = await run.step('inspect', (activities) =>
        activities.findAgentImages({ cluster, ...(asked === undefined ? {} : { image: asked }) }),
      );
      if (former === image) {
        const message = `It has image ${image} already`;
        for (const key of ['image', 'connected']) run.skip(key, message);
        return { message };
      }
      await run.step(
        'image',
        (activities) => activities.setAgentImage({ cluster, image }),
        (activities) => activities.setAgentImage({ cluster, image: former }),
      );
      const { version } = await run.step('connected', (activities) =>
        activities.waitForAgentVersion({ cluster, image }),
      );
      return { result: { former, image, version } };
    },
  });
}
