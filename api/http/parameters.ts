import { Type } from 'typebox';

/** Names in paths: DNS labels, so that none of them means something in a path or a query further on. */
export const dnsLabelPattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
export const DnsLabel = Type.String({ pattern: dnsLabelPattern, maxLength: 63 });

export const ProjectPath = Type.Object({ project: DnsLabel });
export const TenantPath = Type.Object({ project: DnsLabel, name: DnsLabel });
export const OperationPath = Type.Object({ id: Type.String({ format: 'uuid' }) });

/** Failures that any route under /api/v1 may answer with. */
export const problemResponses = {
  '4xx': Type.Ref('Problem'),
  '5xx': Type.Ref('Problem'),
} as const;
