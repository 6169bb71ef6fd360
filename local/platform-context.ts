import type { OnProgress, Toolchain } from '../toolchain/toolchain.ts';
import type { RememberedPorts } from './ports.ts';
import type { StateFolder } from './state-folder.ts';
import type { Supervisor } from './supervisor.ts';

/** What every part of the start needs. */
export interface PlatformContext {
  readonly state: StateFolder;
  readonly ports: RememberedPorts;
  readonly toolchain: Toolchain;
  readonly supervisor: Supervisor;
  readonly onProgress: OnProgress;
}
