import { useEffect, useState } from 'react';
import { type LogRequest, openLog, type TenantApi } from '../../server/tenant-api.ts';
import { type LogLine, LogLines } from './log-lines.ts';

/** What is known of a log that is read. */
export interface LogState {
  readonly lines: readonly LogLine[];
  readonly state: 'opening' | 'open' | 'ended';
  readonly error: Error | undefined;
}

const opening: LogState = { lines: [], state: 'opening', error: undefined };
/** What comes in between is shown at once: a log may write thousands of lines in a second. */
const showEveryMs = 150;

/** Reads a log and follows it for as long as it is shown. @param attempt another number begins again */
export function useLog(api: TenantApi, request: LogRequest, attempt: number): LogState {
  const [log, setLog] = useState({ ...opening, of: '' });
  const of = JSON.stringify([request, attempt]);
  const { namespace, pod, container, tailLines, previous, timestamps } = request;
  useEffect(() => {
    const stop = new AbortController();
    const lines = new LogLines();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (state: LogState['state'], error?: Error) => {
      clearTimeout(timer);
      timer = undefined;
      if (!stop.signal.aborted) setLog({ lines: lines.lines, state, error, of });
    };
    const read = async () => {
      const asked = { namespace, pod, container, tailLines, previous, timestamps };
      const { body } = await openLog(api, asked, stop.signal);
      show('open');
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
        lines.add(part.value);
        timer ??= setTimeout(() => show('open'), showEveryMs);
      }
      lines.end();
      show('ended');
    };
    read().catch((error: unknown) =>
      show('ended', error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [api, namespace, pod, container, tailLines, previous, timestamps, of]);
  return log.of === of ? log : opening; // what is known is of another log
}
