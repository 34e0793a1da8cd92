/**
 * Whether a host is this machine, so that what goes there without TLS leaves it nowhere: as URLs write it or bare. Names but
 * `localhost` are not, whatever a name server says of them.
 */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]|::1)$/.test(host);
}
