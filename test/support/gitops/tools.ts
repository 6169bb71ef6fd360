import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGitopsTools } from '../../gitops-tools/build.ts';
import { run, type TestPlatform } from '../platform.ts';

/** What an application of Argo CD tells after a sync. */
export interface ArgoReport {
  readonly phase: string;
  readonly message: string;
  readonly waves: readonly number[];
  readonly results: readonly { resource: string; status: string; message: string }[];
  /** By `Kind/namespace/name`. */
  readonly health: Readonly<Record<string, string>>;
  readonly outOfSync: Readonly<Record<string, string[]>>;
}

/** What a Kustomization of Flux with `wait: true` tells after a reconciliation. */
export interface FluxReport {
  /** By `Kind/namespace/name`: created, configured, unchanged, deleted. */
  readonly applied: Readonly<Record<string, string>>;
  readonly failure: string;
  readonly drift: Readonly<Record<string, string>>;
}

/** What both take an object for: kstatus' word, and Argo CD's. */
export interface Verdict {
  readonly flux: string;
  readonly fluxMessage: string;
  readonly argo: string;
  readonly argoMessage: string;
  readonly argoAlone: string;
}

/** Argo CD and Flux, by their own libraries, on the management API of a platform. */
export interface GitopsTools {
  argo(manifests: readonly object[], ...options: string[]): Promise<ArgoReport>;
  flux(manifests: readonly object[], ...options: string[]): Promise<FluxReport>;
  judge(objects: readonly object[]): Promise<Verdict[]>;
  close(): void;
}

/** @param health the health check for Argo CD, in Lua */
export async function openGitopsTools(platform: TestPlatform, health: string): Promise<GitopsTools> {
  const program = await buildGitopsTools();
  const folder = mkdtempSync(join(tmpdir(), 'vcp-gitops-'));
  const healthFile = join(folder, 'health.lua');
  writeFileSync(healthFile, health);
  const kubeconfig = ['--kubeconfig', join(platform.stateDir, 'admin.kubeconfig')];
  const told = async <T>(args: string[], objects: readonly object[]): Promise<T> => {
    const input = objects.map((object) => JSON.stringify(object)).join('\n');
    const { code, stdout, stderr } = await run(program, args, { input, timeoutMs: 660_000 });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  };
  return {
    argo: (manifests, ...options) =>
      told(['argo', ...kubeconfig, '--health', healthFile, ...options], manifests),
    flux: (manifests, ...options) => told(['flux', ...kubeconfig, ...options], manifests),
    judge: (objects) => told(['judge', '--health', healthFile], objects),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
