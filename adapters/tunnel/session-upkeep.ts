import type { Http2Session, Settings } from 'node:http2';
import { keepAlive } from './keep-alive.ts';
import { shareWindows, windowFor } from './stream-windows.ts';
import { tunnelSettings } from './tunnel-settings.ts';

/** What both ends of a tunnel begin their session with. */
export const sessionSettings: Settings = {
  initialWindowSize: windowFor(1),
  maxFrameSize: tunnelSettings.maxFrameBytes,
  maxHeaderListSize: 8 * 1024,
};

/**
 * What both ends do for a session as long as it lasts: windows, and an end to one whose peer says nothing. Its streams have no
 * time limit here.
 * @param socket that it runs on
 * @returns to be called with the number of open streams whenever it changes
 */
export function keepSession(
  session: Http2Session,
  socket: { readonly bytesRead?: number },
): (streams: number) => void {
  session.setLocalWindowSize(tunnelSettings.sessionWindowBytes);
  session.setTimeout(0);
  keepAlive(session, socket);
  return shareWindows(session);
}
