import { type Static, Type } from 'typebox';

/** Where spans are sent. Absent, and without OpenTelemetry's variables in the environment: nowhere, and nothing is loaded for it. */
export const TracingConfig = Type.Object({
  endpoint: Type.Optional(
    Type.String({
      pattern: '^https?://[^/]',
      description:
        'URL of a receiver of OTLP over HTTP, without /v1/traces; default OTEL_EXPORTER_OTLP_ENDPOINT',
    }),
  ),
  headersFile: Type.Optional(
    Type.String({ description: 'File with headers for the receiver, `Name: value` a line, such as a key' }),
  ),
  sampleRatio: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Part of the traces that begin here; those of clients are as they say. Default 1',
    }),
  ),
});
export type TracingConfig = Static<typeof TracingConfig>;
