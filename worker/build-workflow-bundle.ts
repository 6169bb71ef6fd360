import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

/** `node worker/build-workflow-bundle.ts <path>`: writes the workflow bundle to `path`, in one step. */
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node worker/build-workflow-bundle.ts <path>');
const workflow = (file: string) => fileURLToPath(new URL(`../workflows/${file}`, import.meta.url));
const { code } = await bundleWorkflowCode({
  workflowsPath: workflow('index.ts'),
  workflowInterceptorModules: [workflow('trace-carrier.ts')],
});
mkdirSync(dirname(path), { recursive: true });
const temporary = `${path}.${process.pid}`;
writeFileSync(temporary, code);
renameSync(temporary, path);
