type Json = Record<string, unknown>;

/**
 * A TypeBox schema as the structural OpenAPI v3 schema of a CRD: the same constraints in the words that a CRD
 * allows (no `patternProperties`, every node with a type).
 * @throws Error for a construct that a structural schema cannot express (unions, say)
 */
export function structuralSchema(schema: unknown): Json {
  const node = plain(schema);
  for (const word of ['anyOf', 'allOf', 'oneOf', '$ref']) {
    if (word in node) throw new Error(`a CRD schema cannot say ${word}: ${JSON.stringify(node).slice(0, 200)}`);
  }
  const annotations = pick(node, (key) => key === 'description' || key.startsWith('x-kubernetes-'));
  if ('patternProperties' in node) return { type: 'object', ...annotations, ...recordOf(node) };
  if ('enum' in node) return { type: 'string', enum: node['enum'], ...annotations };
  if (node['type'] === 'object') return { type: 'object', ...annotations, ...objectOf(node) };
  if (node['type'] === 'array') {
    return { type: 'array', items: structuralSchema(node['items']), ...annotations, ...limits(node) };
  }
  if (node['type'] === undefined) return { ...annotations, 'x-kubernetes-preserve-unknown-fields': true };
  return { type: node['type'], ...annotations, ...limits(node) };
}

function objectOf(node: Json): Json {
  const properties = plain(node['properties'] ?? {});
  const required = node['required'] as string[] | undefined;
  return {
    ...(Object.keys(properties).length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [key, structuralSchema(value)]),
          ),
        }),
    ...(required === undefined || required.length === 0 ? {} : { required }),
  };
}

function recordOf(node: Json): Json {
  const value = structuralSchema(Object.values(plain(node['patternProperties']))[0]);
  const keepsAll = value['x-kubernetes-preserve-unknown-fields'] === true && value['type'] === undefined;
  return keepsAll ? { 'x-kubernetes-preserve-unknown-fields': true } : { additionalProperties: value };
}

function limits(node: Json): Json {
  const words = ['format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'];
  return pick(node, (key) => words.includes(key));
}

function pick(node: Json, wanted: (key: string) => boolean): Json {
  return Object.fromEntries(Object.entries(node).filter(([key]) => wanted(key)));
}

function plain(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('a schema is an object');
  return value as Json;
}
