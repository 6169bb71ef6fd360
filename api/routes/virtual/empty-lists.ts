import type { FastifyInstance } from 'fastify';
import { managementApiVersion } from '../../../contracts/names.ts';

const options = { config: { access: 'authenticated', scope: 'kubernetes' }, schema: { hide: true } } as const;

/** What clients of vCluster Platform ask for and this platform has none of: features of a licence, its vendor's announcements. */
export async function emptyListRoutes(app: FastifyInstance): Promise<void> {
  for (const [plural, kind] of [
    ['features', 'FeatureList'],
    ['announcements', 'AnnouncementList'],
  ])
    app.get(`/kubernetes/management/apis/management.loft.sh/v1/${plural}`, options, async () => ({
      apiVersion: managementApiVersion,
      kind,
      metadata: {},
      items: [],
    }));
}
