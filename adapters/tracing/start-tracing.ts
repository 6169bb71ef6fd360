import type { TracingConfig } from '../../contracts/tracing-config.ts';
import type { Logger } from '../logging.ts';
import { installTracer, type Tracer } from './spans.ts';

/** What OpenTelemetry's variables of the environment begin with; the one thing that processes read there. */
export const tracingVariables = 'OTEL_';

/**
 * Sends spans of this process to an OTLP receiver, if the configuration or OpenTelemetry's own variables name one. What it takes is
 * loaded only then.
 * @returns undefined if traces are off
 */
export async function startTracing(
  process_: 'gateway' | 'worker' | 'controllers',
  config: TracingConfig | undefined,
  logger: Logger,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Tracer | undefined> {
  if (!isAskedFor(config, env)) return undefined;
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'];
  if (protocol === 'grpc')
    logger.warn(
      { protocol },
      "traces are sent by OTLP over HTTP; the receiver's port for it is usually 4318",
    );
  const { createTracer } = await import('./opentelemetry.ts');
  const tracer = createTracer(`vcluster-platform-${process_}`, config ?? {}, env, logger);
  const { traceRequests } = await import('./outgoing-requests.ts');
  traceRequests(tracer);
  installTracer(tracer);
  logger.info({ endpoint: config?.endpoint }, 'sending traces');
  return tracer;
}

function isAskedFor(config: TracingConfig | undefined, env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_SDK_DISABLED'] === 'true') return false;
  if (config?.endpoint !== undefined) return true;
  if ((env['OTEL_TRACES_EXPORTER'] ?? 'otlp') !== 'otlp') return false;
  return (
    env['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined ||
    env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] !== undefined
  );
}
