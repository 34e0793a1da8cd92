// Which addresses a URL may lead to that somebody configured: no machine that only this network reaches, unless it is
// named. docs/protocol/webhook.md section 6.
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

/** An address that was looked at: connections go there, whatever the name says a moment later. */
export interface PinnedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds all addresses of a name. */
export type Resolve = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const inside = new BlockList();
for (const [network, prefix] of [
  ...([
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
  ] as const),
  ...([
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
  ] as const),
  ...([
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ] as const),
] as const) {
  inside.addSubnet(network, prefix, "ipv4");
}
// Of IPv6 only what is given to the public is outside; parts of that carry addresses of IPv4, or are for documentation.
const outside = new BlockList();
outside.addSubnet("2000::", 3, "ipv6");
const carrying = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  carrying.addSubnet(network, prefix, "ipv6");
}

/** Whether everybody's packets to it leave the own network. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !inside.check(address, "ipv4");
  return family === 6 && outside.check(address, "ipv6") && !carrying.check(address, "ipv6");
}

/** A place that nobody is connected to. */
export class AddressRefusal extends Error {
  override readonly name = "AddressRefusal";
}

/** Hosts and addresses that need not be public, and the flag that names them. */
export interface Allowed {
  readonly names: readonly string[];
  /** For the refusal. */
  readonly flag: string;
}

/** `[::1]` → `::1`. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

/**
 * The one address that a host stands for now. Rejects when it has none, or, with AddressRefusal, one that is not public and
 * not allowed by the host's own name or by the address. One such among several is enough: which of them a connection would
 * take is up to whoever answers for the name.
 */
export async function pinAddress(host: string, allowed: Allowed, resolve: Resolve = all): Promise<PinnedAddress> {
  const name = bareHost(host);
  const found = isIP(name) === 0 ? await resolve(name) : [{ address: name, family: isIP(name) }];
  const [first] = found;
  if (first === undefined) throw new Error(`${name}: has no address`);
  for (const { address } of found) {
    if (isPublic(address) || allowed.names.includes(address) || allowed.names.includes(name)) continue;
    throw new AddressRefusal(`${name}: ${address} is not a public address; name it in ${allowed.flag} if it is meant`);
  }
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
}

function all(name: string): ReturnType<Resolve> {
  return lookup(name, { all: true });
}
