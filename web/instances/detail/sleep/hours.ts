import { sleepText as text } from '../../../text/instance-sleep.ts';

/** `12.5 h` */
export function hoursText(seconds: number): string {
  return text.hours((Math.round(seconds / 360) / 10 + 0).toFixed(1)); // never -0.0
}
