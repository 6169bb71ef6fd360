/**
 * `node event-clients.ts <settings.json>`: many open streams of `/api/v1/events`, in a process of its own, so that who writes does not
 * wait for who reads. Prints `open` when all have begun; for each line on standard input what came since the last one, as JSON.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createParser } from 'eventsource-parser';
import { Agent, request } from 'undici';

export interface EventClientsSettings {
  readonly url: string;
  readonly ca: string;
  /** One access key for each stream. */
  readonly keys: readonly string[];
  /** What the display names begin with whose arrival is noted. */
  readonly word: string;
}

/** What came of all streams. */
export interface EventClientsReport {
  /** Of each display name when it came on each stream for the first time, milliseconds since 1970. */
  readonly arrivals: Record<string, number[]>;
  /** Events of any kind, and bytes of the streams. */
  readonly events: number;
  readonly bytes: number;
  /** Streams that have ended, and events that told a client to list again. */
  readonly ended: number;
  readonly again: number;
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as EventClientsSettings;
const agent = new Agent({ connect: { ca: settings.ca }, allowH2: false, bodyTimeout: 0 });
const displayName = new RegExp(`"displayName":"(${settings.word}[^"]*)"`);
let begun = 0;
let ended = 0;
let since = { arrivals: {} as Record<string, number[]>, events: 0, bytes: 0, again: 0 };

await Promise.all(settings.keys.map(open));

for await (const _line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ ...since, ended } satisfies EventClientsReport));
  since = { arrivals: {}, events: 0, bytes: 0, again: 0 };
}
process.exit();

async function open(key: string): Promise<void> {
  const { statusCode, body } = await request(`${settings.url}/api/v1/events`, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
  });
  if (statusCode !== 200) throw new Error(`${statusCode}: ${await body.text()}`);
  let hasBegun = false;
  const known = new Set<string>();
  const parser = createParser({
    onEvent: ({ event, data }) => {
      since.events += 1;
      if (event === 'start') {
        if (hasBegun) since.again += 1;
        else if ((begun += 1) === settings.keys.length) console.log('open');
        hasBegun = true;
      }
      const value = event === 'resource' ? displayName.exec(data)?.[1] : undefined;
      if (value === undefined || known.has(value)) return;
      known.add(value);
      (since.arrivals[value] ??= []).push(Date.now());
    },
  });
  const decoder = new TextDecoder();
  (async () => {
    for await (const chunk of body) {
      since.bytes += (chunk as Buffer).length;
      parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
    }
  })()
    .catch(() => undefined)
    .finally(() => (ended += 1));
}
