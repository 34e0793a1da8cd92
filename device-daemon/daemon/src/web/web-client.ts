const PAGE = "page ";
const PAIRING = "pairing ";

/** What a page is called before it is paired: by its origin. */
export function pageClient(origin: string): string {
  return PAGE + origin;
}

/** What a paired page is called: by its pairing, over all of its connections. */
export function pairedClient(id: string): string {
  return PAIRING + id;
}

/** The origin of a page that is not paired. */
export function pageOf(client: string): string {
  return after(PAGE, client);
}

/** The id of a paired page's pairing. */
export function pairingOf(client: string): string {
  return after(PAIRING, client);
}

function after(prefix: string, client: string): string {
  if (!client.startsWith(prefix)) throw new Error(`a client of another kind: ${client}`);
  return client.slice(prefix.length);
}
