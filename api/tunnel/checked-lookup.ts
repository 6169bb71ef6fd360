import { lookup as lookUp } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isNever } from './allowed-addresses.ts';

/**
 * Name resolution for dials to API servers that a credential or the configuration names. What it answers is what is
 * dialled: there is no second look-up between check and dial (CVE-2020-8562). The owner of a name in DNS can point
 * it into a cluster's or a private network, where API servers are, but not at loopback, link-local, a metadata service
 * or multicast: one such address refuses the whole answer. `localhost` is loopback (RFC 6761).
 * @param resolve for tests
 */
export function createCheckedLookup(resolve: typeof lookUp = lookUp): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const isLocal = /^(?:.+\.)?localhost\.?$/i.test(hostname);
      const bad = isLocal ? undefined : addresses.find(({ address }) => isNever(address));
      const [first] = addresses;
      if (bad !== undefined || first === undefined) {
        const reason = bad === undefined ? 'no address' : `${bad.address}, which is not dialled for a name`;
        return callback(new Error(`${hostname} resolves to ${reason}`), '', 0);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
