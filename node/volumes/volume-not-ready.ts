/** A volume cannot be prepared now; the message says why. Tried again until it can. */
export class VolumeNotReady extends Error {}
