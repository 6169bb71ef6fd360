import { after } from 'node:test';

/** How long a process may live on after its last test; hooks that stop what suites share run in this time. */
const graceMs = 180_000;

// Preloaded in every process of tests: what a suite left open would keep the process for ever.
after(() => {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    console.error(`the process did not end within ${graceMs / 1000} s of its last test; open: ${open}`);
    process.emit('beforeExit', 1); // has node:test write its summary, with what failed
    setTimeout(() => process.exit(1), 1_000); // ends the servers that were started, too
  }, graceMs).unref();
});
