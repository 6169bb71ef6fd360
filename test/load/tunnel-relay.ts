/** `node tunnel-relay.ts <port> <milliseconds>`: a way to a port of this machine that takes so long each way. Prints its own port. */
import { startTcpRelay } from '../support/tcp-relay.ts';

const [, , port, ms] = process.argv.map(Number);
const relay = await startTcpRelay(port ?? 0);
relay.delay(ms ?? 0);
console.log(relay.port);
process.stdin.resume().once('end', () => process.exit()); // the bench is gone
