import { type Static, Type } from 'typebox';
import { LogLevel } from './config.ts';

/** Of an agent: Deployment `loft` of chart `vcluster-platform`, or a process of the embedded platform. */
export const AgentConfig = Type.Object({
  logLevel: LogLevel,
  url: Type.String({ description: 'https://host:port of the gateway' }),
  caFile: Type.Optional(
    Type.String({ description: "Authorities (PEM) of the gateway, and no others; absent: the system's" }),
  ),
  insecureSkipVerify: Type.Optional(
    Type.Boolean({ description: 'Accepts any certificate at `url`: for trials only' }),
  ),
  joinKeyFile: Type.Optional(
    Type.String({ description: 'File with the join key, read while the agent has no credential of its own' }),
  ),
  /** Where the agent keeps its own credential: a Secret of its namespace, or a file. */
  credential: Type.Union([
    Type.Object({ secret: Type.String({ description: 'Name' }) }),
    Type.Object({ file: Type.String({ description: 'Path' }) }),
  ]),
  namespace: Type.String({ description: "Of the platform's service accounts in the cluster" }),
  kubeconfig: Type.Optional(Type.String({ description: "Path; absent: the pod's service account" })),
  loopbackPods: Type.Optional(
    Type.String({
      description: 'Range, in CIDR notation, of pods with loopback addresses (those of a process node)',
    }),
  ),
  rotateSeconds: Type.Optional(
    Type.Number({ minimum: 1, maximum: 2_000_000, description: 'Between two credentials; default 86,400' }),
  ),
  probePort: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65_535,
      description:
        'Where it answers `/healthz` (it runs) and `/readyz` (a tunnel is open), on address `POD_IP` of the environment; absent: nowhere',
    }),
  ),
});
export type AgentConfig = Static<typeof AgentConfig>;
