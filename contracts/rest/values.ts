import { Type } from 'typebox';

/** Names in paths: DNS labels, so that none of them means something in a path or a query further on. */
export const dnsLabelPattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
export function dnsLabel(description: string) {
  return Type.String({ pattern: dnsLabelPattern, maxLength: 63, description });
}

/**
 * A text of a query that can be looked up in PostgreSQL, which does not take NUL; without any control character, since no name
 * has one.
 */
export function searchText(maxLength: number, description: string) {
  return Type.String({
    pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$',
    maxLength,
    description,
  });
}

export const uuidPattern = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
export const timestampPattern =
  '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$';

/** Format `uuid` alone takes `urn:uuid:…` too, which PostgreSQL does not. */
export function uuid(description: string) {
  return Type.String({ format: 'uuid', pattern: uuidPattern, description });
}

/** Format `date-time` alone takes what `Date` cannot read (leap seconds, lower case) and what PostgreSQL cannot (year 0). */
export function timestamp(description: string) {
  return Type.String({ format: 'date-time', pattern: timestampPattern, description });
}
