const TOKEN = "countersign.daemon.token";
const PORT = "countersign.daemon.port";

/** Where the daemon listens unless its user chose another port. */
const USUAL_PORT = 7411;

/** Where this browser keeps its pairing with the daemon of this PC. It is worth something on this machine alone. */
export const pairing: { readonly read: () => string | undefined; readonly write: (token: string | undefined) => void } =
  {
    read: () => localStorage.getItem(TOKEN) ?? undefined,
    write: (token) => (token === undefined ? localStorage.removeItem(TOKEN) : localStorage.setItem(TOKEN, token)),
  };

/** The port that was chosen in this browser. */
export function daemonPort(): number {
  const kept = Number(localStorage.getItem(PORT));
  return Number.isInteger(kept) && kept > 0 && kept < 65_536 ? kept : USUAL_PORT;
}

/** Another port: another daemon, which is paired anew. */
export function setDaemonPort(port: number): void {
  if (port !== daemonPort()) pairing.write(undefined);
  localStorage.setItem(PORT, String(port));
}
