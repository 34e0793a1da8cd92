// Runs in the guest with uhid: a FIDO2 key that is not ours becomes the user's second key and confirms a payment, through
// our daemon and the client. Its PIN and the code are typed into the daemon's own prompt.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { daemonSees } from "../../scenarios/key-power.ts";
import { readMessage } from "../../person/read-message.ts";
import type { Message } from "../../person/phone-in-hand.ts";
import type { Client, ClientEnd } from "../../crash/client.ts";
import { readLedger } from "../../installation.ts";
import { Checks, ensure } from "./checks.ts";
import { startForeignKey } from "./foreign-key.ts";
import { startGuestDesk, type GuestDesk } from "./guest-desk.ts";

const PIN = "271828";
const ANSWERS = "/tmp/answers";
const PINENTRY = "/tmp/pinentry";
// A person at a pinentry: PINs are known, a code is typed once it is there.
const PINENTRY_SCRIPT = `#!/bin/sh
echo "OK ready"
asked=pin
while read -r line; do
  case "$line" in
    SETPROMPT*[Cc]ode*) asked=code; echo OK ;;
    SETPROMPT*) asked=pin; echo OK ;;
    GETPIN) until [ -s ${ANSWERS}/$asked ]; do sleep 0.1; done
      echo "D $(cat ${ANSWERS}/$asked)"; [ $asked = pin ] || rm ${ANSWERS}/$asked; echo OK ;;
    BYE) exit 0 ;;
    *) echo OK ;;
  esac
done
`;

const checks = new Checks();
/** Codes that were read already. */
const seen = new Set<string>();
const folder = "/tmp/c";
for (const each of [folder, ANSWERS]) mkdirSync(each, { mode: 0o700 });
writeFileSync(PINENTRY, PINENTRY_SCRIPT);
chmodSync(PINENTRY, 0o700);
writeFileSync(`${ANSWERS}/pin`, PIN);

const at = await checks.check("a user with a Countersign key", () =>
  startGuestDesk(folder, { key: ["--uhid"], daemon: ["--hid", "--pinentry", PINENTRY] }),
);
if (at !== undefined) await all(at);
console.log("END");
process.exit(0);

async function all(desk: GuestDesk): Promise<void> {
  const key = await startForeignKey();
  const id = await checks.check("the daemon tells the foreign key beside ours", () => foreignId(desk));
  if (id === undefined) return;
  await checks.check("countersign key set-pin: the foreign key takes a PIN from our daemon", () =>
    ends(desk.run("key", "set-pin", "--key", id), 0),
  );
  await checks.check("countersign key enrol --fido: confirmed on the key that the user has", async () => {
    const enrolling = desk.run("key", "enrol", "--fido", "--key", id, "--confirm-with", desk.desk.serial);
    await desk.hands.confirm();
    await ends(enrolling, 0);
  });
  await checks.check("a payment that a key with a display can confirm is not asked of it", async () => {
    const { exitCode, output } = await desk.run("pay", desk.invoice(), "--key", id).ended;
    const saysWhy = output.includes("names no FIDO2 credential");
    ensure(exitCode === 2 && saysWhy && executions(desk) === 0, `exit ${exitCode}: ${output}`);
  });
  await checks.check("countersign key revoke: the old key is gone, the foreign one is left", () =>
    ends(desk.run("key", "revoke", desk.desk.serial), 0),
  );
  await checks.check("claim 01: the foreign key confirms a payment, executed once, with a receipt that verifies", () =>
    payWith(desk, id),
  );
  await checks.check("three wrong codes lock the payment, and nothing is executed", () => mistype(desk, id));
  key.kill();
}

async function foreignId({ parts }: GuestDesk): Promise<string> {
  await daemonSees(parts, 2);
  const { keys } = await parts.device.listKeys({});
  const foreign = keys.filter(({ serial }) => serial !== "EMU-VM01");
  ensure(keys.length === 2 && foreign.length === 1, JSON.stringify(keys));
  return foreign[0]?.deviceId ?? "";
}

async function payWith(desk: GuestDesk, id: string): Promise<void> {
  const before = executions(desk);
  const paying = desk.run("pay", desk.invoice(), "--receipts", desk.desk.folder, "--key", id);
  await typeCode(await newCode(desk));
  const { told } = await ends(paying, 0);
  ensure(executions(desk) === before + 1, `${executions(desk) - before} executions`);
  await ends(desk.run("verify", String(told.at(-1)?.["receiptFile"])), 0);
}

async function mistype(desk: GuestDesk, id: string): Promise<void> {
  const before = executions(desk);
  const paying = desk.run("pay", desk.invoice(), "--receipts", desk.desk.folder, "--key", id);
  const code = await newCode(desk);
  const wrong = code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
  for (let tries = 0; tries < 3; tries += 1) await typeCode(wrong);
  const { exitCode, output } = await paying.ended;
  ensure(exitCode === 16 && executions(desk) === before, `exit ${exitCode}: ${output}`);
}

function executions({ installation }: GuestDesk): number {
  return readLedger(installation).filter(({ type }) => type === "transaction").length;
}

/** Types it at the next prompt, once the last one has what was typed before. */
async function typeCode(code: string): Promise<void> {
  const file = `${ANSWERS}/code`;
  while (existsSync(file)) await sleep(50);
  writeFileSync(file, code);
}

/** The first code on the phone that was not there before. */
async function newCode({ hands }: GuestDesk): Promise<string> {
  const patience = AbortSignal.timeout(60_000);
  for (let version: number | undefined; ;) {
    const chat: { readonly version: number; readonly messages: readonly Message[] } = await hands.phone.look(
      version,
      patience,
    );
    version = chat.version;
    const codes = chat.messages.map((message) => readMessage(message)?.code ?? "").filter((code) => code !== "");
    const fresh = codes.find((code) => !seen.has(code) && !hands.codes.has(code));
    if (fresh === undefined) continue;
    seen.add(fresh);
    return fresh;
  }
}

async function ends(client: Client, exit: number): Promise<ClientEnd> {
  const end = await client.ended;
  ensure(end.exitCode === exit, `exit ${end.exitCode}: ${end.output}`);
  return end;
}
