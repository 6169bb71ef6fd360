/** One program to run, as the pure functions under `servers/` describe it. */
export interface Program {
  readonly binary: string;
  /** Without secrets: every user of the machine can read them. */
  readonly args: readonly string[];
  /** Added to a minimal environment; nothing is inherited, so that a shell's KUBECONFIG or PGHOST has no say. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written before the start, folders included. */
  readonly files?: readonly ProgramFile[];
  readonly workingDirectory?: string;
  /** Runs as this user in place of our own; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** Ends it when a supervisor that died left it behind. Default: like `stopSignal`. */
  readonly leftoverSignal?: NodeJS.Signals;
  /** How long it may take to stop before it is killed. Default 15,000. */
  readonly stopGraceMs?: number;
}

export interface ProgramFile {
  readonly path: string;
  readonly content: string;
  /** Default 0o600. */
  readonly mode?: number;
}
