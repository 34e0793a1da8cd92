import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";
import { startClient, type Client } from "../../crash/client.ts";
import { setUpDesk, type Desk, type KeyBus } from "../../desk.ts";
import { startInstallation, type Installation } from "../../installation.ts";
import { connect, type Parts } from "../../parts.ts";
import { freshFile } from "../../scenarios/fresh-file.ts";
import { Hands } from "../../scenarios/hands.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");

/** A whole installation in the guest, and a desk whose key is a device of the guest's kernel. */
export interface GuestDesk {
  readonly installation: Installation;
  readonly desk: Desk;
  readonly hands: Hands;
  readonly parts: Parts;
  /** A payment file that was not used before. */
  readonly invoice: () => string;
  /** Runs `countersign pay` with a payment that was not made before. */
  readonly pay: () => Client;
  /** Runs `countersign ARGS`. */
  readonly run: (...args: string[]) => Client;
}

/** Starts core, sandbox phone, bank, key and daemon; sets PIN, enrols the key and links the phone over that bus. */
export async function startGuestDesk(folder: string, bus: KeyBus): Promise<GuestDesk> {
  const installation = await startInstallation({ folder, mode: "B", channels: ["sandbox"] });
  const home = { folder: join(folder, "desk"), run: join(folder, "run"), serial: "EMU-VM01", isSetUp: false, bus };
  for (const each of [home.folder, home.run]) mkdirSync(each, { mode: 0o700 });
  const desk = await setUpDesk(installation, { userId: "anna", chatId: "", mode: "B", home });
  const run = (...args: string[]): Client => startClient(installation, desk, args);
  const invoice = (): string => freshFile(INVOICE, desk.folder);
  return {
    installation,
    desk,
    hands: new Hands(desk),
    parts: connect(installation, desk.daemonSocket),
    ...{ run, invoice },
    pay: () => run("pay", invoice(), "--receipts", desk.folder),
  };
}
