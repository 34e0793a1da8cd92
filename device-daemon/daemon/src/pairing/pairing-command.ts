import { parseArgs } from "node:util";
import { ConfigError } from "../config-error.ts";
import { stateFolder } from "../web/web-config.ts";
import { PairingFile } from "./pairing-file.ts";
import { Pairings } from "./pairings.ts";

/** Their part of `--help`. */
export const PAIRING_USAGE = `
  --list-pairings     prints the pages that are paired, and ends
  --unpair ID|ORIGIN  ends a pairing, or all of one origin, at once and in a running daemon too; and ends
`;

/** Whether the program is to do something to its pairings in place of serving. */
export function isPairingCommand(argv: readonly string[]): boolean {
  return argv.some((word) => word === "--list-pairings" || word === "--unpair" || word.startsWith("--unpair="));
}

/** Does it; the lines to print. Throws ConfigError, PairingFileError. */
export function runPairingCommand(argv: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const { values } = parseArgs({
    args: [...argv],
    options: { "list-pairings": { type: "boolean" }, unpair: { type: "string" }, state: { type: "string" } },
  });
  const pairings = new Pairings(new PairingFile(stateFolder(values.state, env)));
  if (values.unpair !== undefined) {
    const count = pairings.remove(values.unpair);
    if (count === 0) throw new ConfigError(`--unpair ${values.unpair}: no such pairing; --list-pairings names them`);
    return [`${count} ${count === 1 ? "pairing" : "pairings"} ended`];
  }
  const rows = pairings.list().map(({ id, origin, pairedAt }) => `${id}  ${pairedAt.slice(0, 16)}Z  ${origin}`);
  return rows.length === 0 ? ["no page is paired"] : rows;
}
