import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';

interface StoredObject {
  metadata: Record<string, unknown> & { name: string; namespace?: string; labels?: Record<string, string> };
}

interface Place {
  /** API and resource: `/api/v1 pods`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Watcher {
  readonly place: Place;
  readonly response: ServerResponse;
}

/** As much of a Kubernetes API, in memory, as the platform's processes and an agent ask of an empty cluster. */
export interface FakeClusterApi {
  readonly listener: RequestListener;
  /** How often it was asked, by `<method>`, or `WATCH`. */
  readonly calls: ReadonlyMap<string, number>;
}

const day = 24 * 60 * 60 * 1000;

export function createFakeClusterApi(): FakeClusterApi {
  const calls = new Map<string, number>();
  const objects = new Map<string, { place: Place; object: StoredObject }>();
  const watchers = new Set<Watcher>();
  let version = 1;

  function put(place: Place, given: StoredObject): StoredObject {
    const key = keyOf(place);
    const known = objects.get(key)?.object;
    const { name = '', namespace } = place;
    const object: StoredObject = {
      ...known,
      ...given,
      metadata: {
        uid: randomUUID(),
        creationTimestamp: new Date().toISOString(),
        ...known?.metadata,
        ...given.metadata,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        resourceVersion: String(++version),
      },
    };
    objects.set(key, { place, object });
    tell(known === undefined ? 'ADDED' : 'MODIFIED', place, object);
    return object;
  }

  function tell(type: string, place: Place, object: StoredObject): void {
    for (const { place: watched, response } of watchers)
      if (isIn(place, watched)) response.write(`${JSON.stringify({ type, object })}\n`);
  }

  function list(place: Place, selector: string | null): StoredObject[] {
    return [...objects.values()]
      .filter((one) => isIn(one.place, place) && matches(one.object, selector))
      .map(({ object }) => object);
  }

  function read(place: Place, url: URL, request: IncomingMessage, response: ServerResponse): void {
    if (place.name !== undefined) {
      const found = objects.get(keyOf(place));
      if (found === undefined) send(response, 404, status(404, 'NotFound'));
      else send(response, 200, found.object);
    } else if (url.searchParams.has('watch')) {
      const watcher = { place, response };
      watchers.add(watcher);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      response.once('close', () => watchers.delete(watcher));
    } else if (request.headers.accept?.includes('as=Table') === true) {
      send(response, 200, { kind: 'Table', metadata: {}, rows: [{ cells: ['node', 'Ready'] }] });
    } else {
      const items = list(place, url.searchParams.get('labelSelector'));
      send(response, 200, { kind: 'List', metadata: { resourceVersion: String(version) }, items });
    }
  }

  async function write(place: Place, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = parse((await text(request)) || '{}') as StoredObject;
    const name = place.name ?? body.metadata?.name;
    const at = { ...place, name };
    const known = objects.get(keyOf(at));
    if (request.method === 'DELETE') {
      objects.delete(keyOf(at));
      if (known !== undefined) tell('DELETED', known.place, known.object);
      send(response, known === undefined ? 404 : 200, status(known === undefined ? 404 : 200, ''));
    } else if (request.method === 'POST' && known !== undefined) {
      send(response, 409, status(409, 'AlreadyExists'));
    } else send(response, known === undefined ? 201 : 200, put(at, body));
  }

  put(
    { resource: '/api/v1 namespaces', namespace: undefined, name: 'kube-system' },
    { metadata: { name: '' } },
  );

  return {
    calls,
    listener(request, response) {
      const url = new URL(request.url ?? '/', 'https://fake');
      const kind = url.searchParams.has('watch') ? 'WATCH' : (request.method ?? '');
      calls.set(kind, (calls.get(kind) ?? 0) + 1);
      const place = placeOf(url.pathname);
      if (url.pathname === '/version')
        send(response, 200, { major: '1', minor: '36', gitVersion: 'v1.36.3' });
      else if (place === undefined) response.end('ok');
      else if (url.pathname.endsWith('/token')) {
        const expirationTimestamp = new Date(Date.now() + day).toISOString();
        send(response, 201, { status: { token: 'token', expirationTimestamp } });
      } else if (/reviews$/.test(place.resource)) send(response, 201, { status: { allowed: true } });
      else if (request.method === 'GET') read(place, url, request, response);
      else void write(place, request, response);
    },
  };
}

function placeOf(path: string): Place | undefined {
  const found =
    /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/(?:namespaces\/([^/]+)\/(?=[^/]))?([^/]+)(?:\/([^/]+))?(?:\/[^/]+)?$/.exec(
      path,
    );
  if (found === null) return undefined;
  const [, api = '', namespace, resource = '', name] = found;
  return { resource: `${api} ${resource}`, namespace, name };
}

function keyOf({ resource, namespace = '', name = '' }: Place): string {
  return `${resource}/${namespace}/${name}`;
}

function isIn(place: Place, wanted: Place): boolean {
  return (
    place.resource === wanted.resource &&
    (wanted.namespace === undefined || place.namespace === wanted.namespace)
  );
}

/** Of label selectors `a=b` and `a`, with commas between them. */
function matches({ metadata: { labels = {} } }: StoredObject, selector: string | null): boolean {
  return (selector ?? '').split(',').every((part) => {
    const [name = '', value] = part.split(/={1,2}/);
    return part === '' || (value === undefined ? name in labels : labels[name] === value);
  });
}

function status(code: number, reason: string): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: code < 400 ? 'Success' : 'Failure',
    reason,
    code,
    message: reason,
  };
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
