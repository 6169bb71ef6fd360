/** The filters that are given, as the query of a request. */
export function givenFilters(filters: {
  readonly [name: string]: string | undefined;
}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}
