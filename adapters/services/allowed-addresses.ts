import { lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { PlatformError } from '../../contracts/errors.ts';

/** Pods of an embedded cluster, whose nodes are processes of this machine with loopback addresses. */
export interface LoopbackPods {
  /** Absent: whichever cluster is dialled. */
  readonly cluster?: string;
  /** `<address>/<bits>`; no server of the platform listens inside it. */
  readonly range: string;
}

/** @throws PlatformError `cluster_unreachable` if `address`, which `cluster` says a pod has, must not be dialled */
export type AddressCheck = (cluster: string, address: string) => void;

/** Where pods of a cluster cannot be, but perhaps a server of ours or of the cloud (CVE-2022-3294). */
const neverIpv4 = blockListOf([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local, and the metadata service of most clouds
  '192.0.0.0/24',
  '100.100.100.200/32', // metadata service
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
const neverIpv6 = blockListOf([
  '::/96', // unspecified, loopback, and IPv4 in disguise
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  'fd00:ec2::254/128', // metadata service
  'fd20:ce::254/128', // metadata service
]);

/**
 * A check of addresses that a cluster's own objects name: a writer of a pod's status must not be able to point the
 * gateway or an agent at the platform's servers, at this machine or at a metadata service. Only addresses count, no names: what is
 * checked is what is dialled, with no second look-up between (CVE-2020-8562).
 */
export function createAddressCheck(loopbackPods?: LoopbackPods): AddressCheck {
  const loopback = loopbackPods === undefined ? undefined : blockListOf([loopbackPods.range]);
  return (cluster, address) => {
    const family = isIP(address);
    const { cluster: theirs = cluster } = loopbackPods ?? {};
    if (family === 4 && cluster === theirs && loopback?.check(address) === true) return;
    if (family === 0 || isNever(address) || isOfThisMachine(address)) {
      throw new PlatformError(
        'cluster_unreachable',
        `connected cluster ${cluster} has a pod with an address that is not dialled`,
        { cause: new Error(`refused address ${address}`) },
      );
    }
  };
}

/** Whether an IP address is one where no cluster has a server; of other texts false. */
function isNever(address: string): boolean {
  // One list per family: a rule about IPv4 in IPv6 would match every IPv4 address.
  return isIP(address) === 6 ? neverIpv6.check(address, 'ipv6') : neverIpv4.check(address);
}

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => sameAddress(entry.address, address)),
  );
}

/** Addresses can be written in several ways. */
function sameAddress(one: string, other: string): boolean {
  if (isIP(one) !== isIP(other)) return false;
  const list = new BlockList();
  const kind = isIP(one) === 6 ? 'ipv6' : 'ipv4';
  list.addAddress(one, kind);
  return list.check(other, kind);
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

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
