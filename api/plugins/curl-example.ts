import type { RouteOptions } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route's example with curl has that does not follow from its schema. */
    curl?: {
      /** Begins with "?". */
      readonly query?: string;
      /** Its body, or `@` and the name of a file with it. */
      readonly data?: string;
      readonly options?: string;
      /** What authenticates it, in place of an access key. */
      readonly credential?: 'session';
    };
  }
}

/** What the document says about its examples. */
export const aboutExamples = `The examples take the platform's address from \`PLATFORM\`, the file of its certificate authority from \`CA\`, an access key from \`KEY\` and the id of an operation from \`OPERATION\`. Logins read \`credentials.json\` (\`username\`, \`password\`); a session's cookie is in \`cookies.txt\`, its \`csrfToken\` in \`CSRF\`.

\`\`\`sh
PLATFORM=https://127.0.0.1:9898
CA=ca.crt
KEY=$(vcp create accesskey curl)
\`\`\``;

const pathValues: Readonly<Record<string, string>> = {
  project: 'default',
  name: 'my-first',
  snapshot: 'before',
  cluster: 'local',
  namespace: 'loft-default-v-gone',
  id: '$OPERATION',
};

/** A command that calls the route. */
export function curlExample({
  url,
  method,
  config = {},
}: Pick<RouteOptions, 'url' | 'method' | 'config'>): string {
  const { access, curl = {} } = config;
  const { data } = curl;
  const path = url.replaceAll(/:(\w+)/g, (_whole, name: string) => valueOf(name, url));
  return [
    'curl --fail-with-body --cacert "$CA"',
    ...(curl.options === undefined ? [] : [curl.options]),
    ...(method === 'GET' || (method === 'POST' && data !== undefined) ? [] : [`-X ${String(method)}`]),
    ...(access === 'public' ? [] : [credentials[curl.credential ?? 'key']]),
    ...(data === undefined ? [] : [`-H 'Content-Type: application/json' -d '${data}'`]),
    `"$PLATFORM${path}${curl.query ?? ''}"`,
  ].join(' ');
}

const credentials = {
  key: '-H "Authorization: Bearer $KEY"',
  session: '-b cookies.txt -H "Origin: $PLATFORM" -H "X-CSRF-Token: $CSRF"',
} as const;

function valueOf(name: string, url: string): string {
  if (name === 'name' && url.includes('/spaces/')) return 'my-space';
  if (name === 'name' && url.includes('/clusters/')) return 'local';
  const value = pathValues[name];
  if (value === undefined) throw new Error(`the example of ${url} needs a value of ${name}`);
  return value;
}
