/** A route as it stands in the tree that Fastify prints. */
export interface PrintedRoute {
  /** `METHOD /path/:name`. */
  readonly name: string;
  readonly pattern: RegExp;
}

/** Reads Fastify's tree: each line adds its text to that of the line it hangs under. */
export function routesOf(tree: string): PrintedRoute[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', text = '', methods] = /^([│ ]*[├└]── )(\S*)(?: \((.*)\))?/.exec(line) ?? [];
    if (indent === '') return [];
    const depth = indent.length / 4;
    const path = `${depth > 1 ? parents[depth - 1] : ''}${text}`;
    parents[depth] = path;
    const source = path
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.').replaceAll('*', '.*')))
      .join('/');
    return (methods ?? '')
      .split(', ')
      .filter((method) => method !== '')
      .map((method) => ({ name: `${method} ${path}`, pattern: new RegExp(`^${method} ${source}$`) }));
  });
}
