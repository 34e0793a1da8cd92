import { daemonPort, pairing } from "@countersign/pages";
import { openDaemon, type PairedDaemon } from "@countersign/sdk/browser";

/** The daemon of this PC, at the port that was chosen in this browser. */
export function daemon(): PairedDaemon {
  return openDaemon({ port: daemonPort(), pairing });
}
