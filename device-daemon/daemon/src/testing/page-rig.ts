import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "@countersign/protocol";
import { type PageServer, servePages } from "@countersign/testing";
import { Cable } from "./cable.ts";
import { FakePinentry } from "./fake-pinentry.ts";
import { enrol, type Rig, setPin, startRig } from "./rig.ts";

/** A daemon in loopback mode with an enrolled key, two sites on its list, and the person who answers its prompt. */
export interface PageRig {
  readonly rig: Rig;
  /** What passes between daemon and key. */
  readonly cable: Cable;
  readonly webPort: number;
  readonly bank: PageServer;
  readonly shop: PageServer;
  /** A site that is on no list. */
  readonly evil: PageServer;
  readonly pinentry: FakePinentry;
  readonly state: string;
  readonly keyId: string;
  stop(): Promise<void>;
}

/** Starts all of it; `folder` is the caller's own. */
export async function startPageRig(folder: string): Promise<PageRig> {
  const [bank, shop, evil] = await Promise.all([servePages(), servePages(), servePages()]);
  mkdirSync(join(folder, "prompt"));
  const pinentry = new FakePinentry(join(folder, "prompt"));
  const state = join(folder, "state");
  const cable: { laid?: Cable } = {};
  const rig = await startRig({
    via: async (keySocket, own) => {
      cable.laid = await Cable.lay(join(own, "cable.sock"), keySocket);
      return join(own, "cable.sock");
    },
    daemon: [
      ...["--web-port", "0", "--web-origin", bank.origin, "--web-origin", shop.origin],
      ...["--state", state, "--pinentry", pinentry.path],
    ],
  });
  if (cable.laid === undefined) throw new Error("the rig laid no cable");
  const laid = cable.laid;
  await setPin(rig);
  const { keyId } = await enrol(rig);
  // What passes from now on is the tests'.
  await laid.untilQuiet();
  return {
    ...{ rig, cable: laid, bank, shop, evil, pinentry, state },
    webPort: Number(rig.daemon.ready["webPort"]),
    keyId: toHex(keyId),
    stop: async () => {
      await rig.stop();
      await laid.close();
      await Promise.all([bank.close(), shop.close(), evil.close()]);
    },
  };
}
