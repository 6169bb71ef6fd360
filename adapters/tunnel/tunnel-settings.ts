/**
 * HTTP/2 settings of both ends of a tunnel. Node's defaults (64 KiB windows, 10 MB of memory for a session) give 1.2 MB/s at
 * 50 ms round trip and end a session of 10,000 streams.
 */
export const tunnelSettings = {
  /** What may be under way in one stream: its share of `keptBytes` (stream-windows.ts), within bounds. */
  minWindowBytes: 16 * 1024,
  maxWindowBytes: 16 * 1024 * 1024,
  keptBytes: 32 * 1024 * 1024,
  /** What may be under way in all streams. */
  sessionWindowBytes: 32 * 1024 * 1024,
  maxFrameBytes: 64 * 1024,
  /** All that a session keeps; one that would need more refuses new streams. */
  maxSessionMemoryMiB: 512,
  maxConcurrentStreams: 20_000,
} as const;
