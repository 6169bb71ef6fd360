/** Names that are remembered at once: clients send few, but one could make up others for ever. */
const maxNames = 1_000;
const longestName = 256;

/** `read`, which depends on nothing but the name, asked once for each name that is short and comes often. */
export function rememberedByName<T>(read: (name: string) => T): (name: string) => T {
  const known = new Map<string, { readonly value: T }>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found.value;
    const value = read(name);
    if (name.length > longestName) return value;
    if (known.size >= maxNames) known.clear();
    known.set(name, { value });
    return value;
  };
}
