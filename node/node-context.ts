import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import type { Logger } from '../adapters/logging.ts';
import type { ProcessNodeConfig } from './config.ts';
import type { PodEvents } from './events.ts';
import type { ImageTable } from './images.ts';
import type { PodAddresses } from './pod-addresses.ts';
import type { PodRecords } from './pod-records.ts';

/** What the parts of one process node share. */
export interface NodeContext {
  readonly config: ProcessNodeConfig;
  readonly client: ClusterClient;
  /** Where pods reach the API server. */
  readonly apiServer: { readonly host: string; readonly port: string };
  readonly images: ImageTable;
  readonly records: PodRecords;
  readonly addresses: PodAddresses;
  readonly events: PodEvents;
  readonly logger: Logger;
  /** Why this node does not run the pod now, if so. */
  refusalOf(pod: V1Pod): { readonly reason: string; readonly message: string } | undefined;
}
