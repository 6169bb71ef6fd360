import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { errorTable } from '../../contracts/errors.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { routesOf } from './printed-routes.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

interface Media {
  readonly schema?: Record<string, unknown>;
  readonly example?: unknown;
  readonly examples?: unknown;
}
interface Answer {
  readonly description: string;
  readonly content?: Record<string, Media>;
}
interface Described {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: string[];
  readonly parameters?: { in: string; name: string; description?: string; schema?: object }[];
  readonly requestBody?: { content: Record<string, Media> };
  readonly responses: Record<string, Answer>;
  readonly security?: object[];
  readonly 'x-codeSamples'?: { lang: string; source: string }[];
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Described>>;
  readonly tags: { name: string }[];
  readonly components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

let upstream: EchoUpstream;
let gateway: TestGateway;
let document: Document;
let operations: [name: string, operation: Described][];

before(async () => {
  upstream = await startEchoUpstream();
  // With a provider, so that its routes are in the document too.
  const oidc = { issuerUrl: 'https://127.0.0.1:1', clientId: 'vcp' };
  gateway = await startTestGateway({ target: upstream.target, auth: { oidc } });
  document = JSON.parse((await gateway.call('GET', '/api/v1/openapi.json', { key: '' })).text) as Document;
  operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]): [string, Described] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
});

describe('the OpenAPI document', () => {
  it('describes each operation in full', () => {
    assert.ok(operations.length > 30, `only ${operations.length} operations`);
    const tags = new Set(document.tags.map(({ name }) => name));
    assert.deepEqual(
      operations.flatMap(([name, operation]) =>
        missingOf(operation, tags).map((missing) => `${name}: ${missing}`),
      ),
      [],
    );
  });

  it('has a different operationId for each operation, so that a client can be generated', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length, String(ids));
  });

  it('names only schemas that it has', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    assert.ok(refs.length > 50, `only ${refs.length} references`);
    assert.deepEqual([...new Set(refs.filter((ref) => !known.includes(ref)))], []);
  });

  it('has every route of ours outside of /kubernetes/', () => {
    const elsewhere = / (?:\/kubernetes|\/temporal|\/api\/v1\/docs)/;
    const documented = new Set(operations.map(([name]) => name));
    const routes = routesOf(gateway.printRoutes()).map(({ name }) => name.replaceAll(/:(\w+)/g, '{$1}'));
    assert.ok(routes.length > 30, `only ${routes.length} routes`);
    assert.deepEqual(
      routes.filter((name) => !elsewhere.test(name) && !documented.has(name)),
      [],
    );
  });

  it('a path that is there but not for the method answers 405 with the methods that it has', async () => {
    for (const [method, path, allow] of [
      ['PATCH', '/api/v1/projects', 'GET'],
      ['GET', '/auth/logout', 'POST'],
      ['TRACE', '/healthz', 'GET'],
      ['QUERY', '/api/v1/projects', 'GET'],
      ['PUT', '/api/v1/projects/a/virtualclusters/b/operations', 'POST, GET'],
    ] as const) {
      // A body that no route would take is not looked at.
      const body = method === 'PUT' ? { body: '{' } : {};
      const answer = await gateway.call(method, path, { key: '', ...body });
      assert.deepEqual([answer.status, answer.headers['allow']], [405, allow], `${method} ${path}`);
    }
    for (const path of ['/nowhere', '/api/v1/projectsx', '/api/v1/projects/'])
      assert.equal((await gateway.call('PATCH', path, { key: '' })).status, 404, path);
  });
});

/** What a reader of `operation` would miss. */
function missingOf(operation: Described, tags: ReadonlySet<string>): string[] {
  const { parameters = [], requestBody, responses } = operation;
  const samples = operation['x-codeSamples'] ?? [];
  const has: Record<string, boolean> = {
    summary: Boolean(operation.summary),
    'a description besides its example': !/^\s*(?:```|$)/.test(operation.description ?? ''),
    operationId: Boolean(operation.operationId),
    'a tag that is explained': operation.tags?.every((tag) => tags.has(tag)) === true,
    'an example with curl': samples.some(({ source }) => source.startsWith('curl ')),
    'its example in the description': samples.every(({ source }) => operation.description?.includes(source)),
    'an answer that is no failure': Object.keys(responses).some((status) => status < '400'),
    'the failures of every route': ['400', '431', '408', '500'].every((status) => responses[status]),
  };
  const unnamed = parameters.filter(({ description, schema }) => !description || schema === undefined);
  return [
    ...Object.entries(has).flatMap(([what, is]) => (is ? [] : [what])),
    ...unnamed.map(({ name }) => `description and schema of the parameter ${name}`),
    ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
      isSaying(schema) ? [] : ['a schema of its body'],
    ),
    ...Object.entries(responses).flatMap(([status, answer]) => missingOfAnswer(status, answer)),
  ];
}

function missingOfAnswer(status: string, { description, content = {} }: Answer): string[] {
  const media = Object.values(content);
  const isEmpty = media.length === 0 && !['204', '302', '303'].includes(status);
  return [
    ...(/^Default Response$|^$/.test(description) ? [`a description of ${status}`] : []),
    ...(isEmpty || media.some(({ schema }) => !isSaying(schema)) ? [`a schema of ${status}`] : []),
    ...(status >= '400' && content['application/problem+json'] === undefined
      ? [`the problem of ${status}`]
      : []),
  ];
}

function isSaying(schema: Record<string, unknown> | undefined): boolean {
  return schema !== undefined && ['type', '$ref', 'allOf', 'anyOf'].some((word) => schema[word]);
}

describe('error codes', () => {
  it('each is thrown or recorded somewhere', () => {
    const root = join(import.meta.dirname, '../..');
    const tables = /^(?:contracts\/err|domain\/failure-causes|test\/|node_modules\/|dist\/|\.)/;
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !tables.test(file),
    );
    // A comment says what may be thrown, and a route what may come of it.
    const text = sources
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n')
      .replaceAll(/\/\*[\s\S]*?\*\/|failures: \[[^\]]*\]/g, '');
    const unused = Object.keys(errorTable).filter((code) => !text.includes(`'${code}'`));
    assert.deepEqual(unused, []);
  });
});
