import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyBus } from "../desk.ts";

/** A page that may ask the daemon, and where it finds it. */
export interface Page {
  readonly origin: string;
  readonly port: number;
}

/**
 * How key and daemon meet where a page of this machine may ask, too. Nobody sits at the daemon of a development
 * installation: it answers yes to whatever it would ask, such as whether the digits of a pairing are equal.
 */
export function busForPages(run: string, { origin, port }: Page): KeyBus {
  const socket = join(run, "key.sock");
  const pinentry = join(run, "pinentry");
  const script = `#!/bin/sh\necho "OK"\nwhile read -r line; do echo "OK"; case $line in BYE*) exit;; esac; done\n`;
  writeFileSync(pinentry, script);
  chmodSync(pinentry, 0o700);
  return {
    key: ["--socket", socket],
    daemon: [
      ...["--key-socket", socket, "--key-patience", "30", "--web-port", String(port), "--web-origin", origin],
      ...["--pinentry", pinentry, "--state", join(run, "pairings")],
    ],
  };
}
