// Runs in the guest with uhid: libfido2's tools as the host of our FIDO2 key, and of one that is not ours.
import { mkdirSync } from "node:fs";
import { startChild } from "@countersign/testing/child";
import { KeyInHand } from "../../person/key-in-hand.ts";
import { Checks, ensure } from "./checks.ts";
import { startForeignKey } from "./foreign-key.ts";
import { untilHidraws } from "./hidraw.ts";
import { assertWith, type Fido2Key, infoOf, makeCredential, setPin } from "./libfido2.ts";
import { mustRun, runTool } from "./run-tool.ts";

const PIN = "271828";
const checks = new Checks();
mkdirSync("/tmp/key", { mode: 0o700 });

const emulator = await startChild("device-daemon/emulator/src/main.ts", [
  ...["--uhid", "--profile", "fido2", "--store", "/tmp/key", "--serial", "EMU-VM02"],
]);
await ours(new KeyInHand(String(emulator.ready["control"])));
await emulator.stop();
await untilHidraws(0);
const foreign = await startForeignKey();
await theirs();
foreign.kill();
console.log("END");
process.exit(0);

async function ours(hand: KeyInHand): Promise<void> {
  const [path = ""] = (await untilHidraws(1)).map((each) => each.path);
  const key: Fido2Key = { path, touching: (request) => touching(hand, request) };
  await checks.check("fido2-token -L and -I: our key, without a PIN", async () => {
    ensure((await mustRun("fido2-token", ["-L"])).startsWith(`${path}: vendor=0x1209`), "not listed");
    const info = await infoOf(path);
    ensure(info.includes("FIDO_2_1") && info.includes("noclientPin"), info);
  });
  await checks.check("fido2-cred and fido2-assert: our key, by touch", async () => {
    await assertWith(key, await makeCredential(key));
  });
  await checks.check("fido2-token -S: our key takes its PIN", () => setPin(path, PIN));
  await checks.check("fido2-cred and fido2-assert: our key, by touch and PIN", async () => {
    const withPin = { ...key, pin: PIN };
    await assertWith(withPin, await makeCredential(withPin));
  });
  await checks.check("fido2-cred: our key refuses a wrong PIN and counts it", async () => {
    const made = await makeCredential({ ...key, pin: "314159" }).then(
      () => "made",
      (cause: unknown) => String(cause),
    );
    ensure(made.includes("FIDO_ERR_PIN_INVALID"), made);
    ensure((await infoOf(path)).includes("pin retries: 7"), await infoOf(path));
  });
}

async function theirs(): Promise<void> {
  const [path = ""] = (await untilHidraws(1)).map((each) => each.path);
  const key: Fido2Key = { path, touching: (request) => request };
  await checks.check("fido2-cred and fido2-assert: a foreign key works in this machine", async () => {
    ensure((await runTool("fido2-token", ["-I", path])).stdout.includes("FIDO_2"), "fido2-token -I");
    await assertWith(key, await makeCredential(key));
  });
}

/** The person touches the key as long as it asks for that. */
async function touching<T>(hand: KeyInHand, request: Promise<T>): Promise<T> {
  const leaving = new AbortController();
  const person = (async () => {
    for (let version: number | undefined; !leaving.signal.aborted;) {
      const screen = await hand.look(version, leaving.signal);
      if (screen.version === version) continue;
      version = screen.version;
      if (screen.page === "fido") await hand.press("ok");
    }
  })().catch((cause: unknown) => {
    if (!leaving.signal.aborted) throw cause;
  });
  try {
    return await request;
  } finally {
    leaving.abort();
    await person;
  }
}
