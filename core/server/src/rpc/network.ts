/**
 * Whom an address belongs to, for whatever is shared out among callers: itself, or of IPv6 the network of 64 bits, which
 * whoever has one has all addresses of.
 */
export function networkOf(address: string): string {
  // Also of IPv4 addresses as IPv6 sockets tell them: ::ffff:192.0.2.1.
  if (address.includes(".")) return address.slice(address.lastIndexOf(":") + 1);
  const [before = [], after = []] = address.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
