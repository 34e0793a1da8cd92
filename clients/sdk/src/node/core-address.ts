import { isIPv4, isIPv6 } from "node:net";

/** Whether `host:port`, or each of several divided by commas, never leaves this machine. Names but localhost are not looked up. */
export function isLoopback(address: string): boolean {
  return address.split(",").every((one) => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]):\d{1,5}$/.test(one));
}

/**
 * The gRPC target of one address, or of several cores divided by commas: IP addresses of one family, of which any is tried
 * while none is connected. `order` spreads clients over the cores. Throws an Error that names the address. A name may have
 * several address records instead, and is one address here.
 */
export function targetOf(
  address: string,
  order: (addresses: readonly string[]) => readonly string[] = shuffled,
): string {
  const addresses = address.split(",");
  if (addresses.length === 1) return address;
  const hosts = addresses
    .map((one) => /^(?:\[([^\]]+)\]|([^:]+)):\d{1,5}$/.exec(one))
    .map((found) => found?.[1] ?? found?.[2] ?? "");
  if (hosts.every((host) => isIPv4(host))) return `ipv4:${order(addresses).join(",")}`;
  if (hosts.every((host) => isIPv6(host))) return `ipv6:${order(addresses).join(",")}`;
  throw new Error(
    `${address}: several cores are IP addresses of one family, each with its port, or one name that has a record for each`,
  );
}

function shuffled(addresses: readonly string[]): readonly string[] {
  return addresses
    .map((one) => ({ one, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}
