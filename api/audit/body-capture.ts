import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonText } from '../http/json-text.ts';

/** Longest body that is kept. */
const maxBytes = 64 * 1024;
/** Neither V8 nor PostgreSQL has the stack for all levels that fit into them: the whole event would be refused. */
const maxLevels = 1_000;

/**
 * Keeps what flows through `request` without consuming it. The stream stays paused until it is read: a listener
 * for data on a stream that was paused does not make it flow (Node's stream documentation, `readable.pause`).
 */
export function captureRequest(request: IncomingMessage): () => unknown {
  const { headers } = request;
  request.pause();
  const kept = createKept();
  request.on('data', kept.add);
  return () => kept.value(headers['content-type'], headers['content-encoding']);
}

/** Keeps what is written to `response`. */
export function captureResponse(response: ServerResponse): () => unknown {
  const kept = createKept();
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  const headers: Record<string, string> = {};
  // Headers given here alone cannot be asked for later.
  response.writeHead = ((...args: unknown[]) => {
    const given = args.at(-1);
    if (typeof given === 'object' && given !== null)
      for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = String(value);
    return writeHead(...args);
  }) as ServerResponse['writeHead'];
  response.write = ((chunk: unknown, ...rest: unknown[]) => {
    kept.add(chunk);
    return write(chunk, ...rest);
  }) as ServerResponse['write'];
  response.end = ((chunk: unknown, ...rest: unknown[]) => {
    kept.add(chunk);
    return end(chunk, ...rest);
  }) as ServerResponse['end'];
  return () => kept.value(headers['content-type'], headers['content-encoding']);
}

/** A parsed body, or what stands for it. */
export function jsonBody(body: object | string | number | boolean): unknown {
  const serialized = jsonText(body);
  if (serialized.length > maxBytes) return omitted('too large');
  return isDeep(serialized) ? omitted('nested too deeply') : storable(body);
}

function createKept() {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk: unknown) {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
      bytes += chunk.length;
      if (bytes > maxBytes) chunks.length = 0;
      else chunks.push(Buffer.from(chunk as string));
    },
    value(type = '', encoding = 'identity'): unknown {
      if (bytes === 0) return undefined;
      if (bytes > maxBytes) return omitted('too large');
      if (encoding !== 'identity') return omitted(`encoded (${encoding.slice(0, 20)})`);
      const whole = Buffer.concat(chunks).toString('utf8');
      if (!/json|yaml/.test(type)) return omitted('neither JSON nor YAML');
      if (isDeep(whole)) return omitted('nested too deeply');
      try {
        return storable(JSON.parse(whole));
      } catch {
        return storable(whole);
      }
    },
  };
}

/** PostgreSQL's JSON holds neither the character U+0000 nor half a surrogate pair: the whole event would be refused. */
function storable(value: unknown): unknown {
  const serialized = JSON.stringify(value);
  if (/\\u0000/.test(serialized)) return omitted('holds the character U+0000');
  return /\\ud[89a-f]/.test(serialized) ? omitted('holds half a surrogate pair') : value;
}

/** By its text, JSON or not: brackets in strings do not count. */
function isDeep(text: string): boolean {
  let level = 0;
  let isString = false;
  for (let at = 0; at < text.length && level <= maxLevels; at++) {
    const mark = text[at];
    if (mark === '"') isString = !isString;
    else if (isString && mark === '\\') at++;
    else if (!isString && (mark === '{' || mark === '[')) level++;
    else if (!isString && (mark === '}' || mark === ']')) level--;
  }
  return level > maxLevels;
}

function omitted(why: string): unknown {
  return { omitted: why };
}
