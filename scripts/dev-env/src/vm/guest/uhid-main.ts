// Runs in the guest with uhid: the key is two devices of the kernel, everything else is the product.
import { mkdirSync } from "node:fs";
import { daemonSees, plug, unplug } from "../../scenarios/key-power.ts";
import { readLedger } from "../../installation.ts";
import { Checks, ensure } from "./checks.ts";
import { startGuestDesk, type GuestDesk } from "./guest-desk.ts";
import { descriptorsOf, untilHidraws } from "./hidraw.ts";
import { permission } from "./permission.ts";
import { mustRun } from "./run-tool.ts";

const checks = new Checks();
const folder = "/tmp/c";
mkdirSync(folder, { mode: 0o700 });

const at = await checks.check("the key is enrolled and the phone linked over node-hid", () =>
  startGuestDesk(folder, { key: ["--uhid"], daemon: ["--hid"] }),
);
if (at !== undefined) await all(at);

async function all(desk: GuestDesk): Promise<void> {
  await checks.check("both interfaces are hidraw devices of the kernel", async () => {
    const pages = (await untilHidraws(2)).map(({ usagePage }) => usagePage).toSorted((a, b) => a - b);
    ensure(pages.join() === [0xf1d0, 0xff43].join(), `usage pages ${pages.join()}`);
  });
  await checks.check("claim 01: a payment is confirmed end to end and executed once", () => confirmOne(desk));
  await checks.check("fido2-token -L lists the FIDO interface and not the vendor's", listTokens);
  await checks.check("claim 01: unplugged in the middle it is exit 14 and nothing is executed", () =>
    unplugAtPages(desk),
  );
  await checks.check("D10: a key that is plugged in is there within 2 s", () => detection(desk));
  await checks.check("D10: 100 replugs leak no descriptor", () => replugs(desk, Number(process.env["REPLUGS"] ?? 100)));
  await permission(checks, desk);
  await checks.check("D10: after all that the key confirms again", () => confirmOne(desk));
}

async function confirmOne({ installation, hands, pay }: GuestDesk): Promise<void> {
  const booked = () => readLedger(installation).filter(({ type }) => type === "transaction").length;
  const before = booked();
  const began = performance.now();
  const client = pay();
  const pages = await hands.readAndProve();
  const code = await hands.codeFor(pages);
  await hands.key.type(code);
  const { exitCode, output } = await client.ended;
  checks.figure("payment, from command to receipt", (performance.now() - began) / 1000, "s");
  ensure(exitCode === 0, `exit ${exitCode}: ${output}`);
  ensure(booked() === before + 1, `${booked() - before} executions`);
}

async function listTokens(): Promise<void> {
  const fido = (await untilHidraws(2)).find(({ usagePage }) => usagePage === 0xf1d0)?.path ?? "";
  const lines = (await mustRun("fido2-token", ["-L"])).trim().split("\n");
  ensure(lines.length === 1 && lines[0]?.startsWith(`${fido}: vendor=0x1209`) === true, lines.join(" | "));
}

async function unplugAtPages({ installation, desk, hands, parts, pay }: GuestDesk): Promise<void> {
  const before = readLedger(installation).length;
  const client = pay();
  await hands.keyShows("pages");
  const pulled = performance.now();
  await unplug(desk);
  const { exitCode, told, output } = await client.ended;
  checks.figure("unplug to the client's end", performance.now() - pulled, "ms");
  ensure(exitCode === 14 && told.at(-1)?.["state"] === "KEY_LEFT", `exit ${exitCode}: ${output}`);
  ensure(readLedger(installation).length === before, "something was executed");
  await daemonSees(parts, 0);
  await plug(desk);
  await daemonSees(parts, 1);
}

async function detection({ desk, parts }: GuestDesk): Promise<void> {
  let worst = 0;
  for (let round = 0; round < 5; round += 1) {
    await unplug(desk);
    await daemonSees(parts, 0);
    const began = performance.now();
    await plug(desk);
    await daemonSees(parts, 1);
    worst = Math.max(worst, performance.now() - began);
  }
  checks.figure("plugged in until listed, worst of 5", worst, "ms");
  ensure(worst <= 2_000, `${worst} ms`);
}

async function replugs({ desk, parts }: GuestDesk, count: number): Promise<void> {
  const [key, daemon] = desk.children.map(({ process }) => process.pid);
  const open = () => [descriptorsOf(key), descriptorsOf(daemon)];
  const before = open();
  for (let round = 0; round < count; round += 1) {
    await unplug(desk);
    await daemonSees(parts, 0);
    await plug(desk);
    await daemonSees(parts, 1);
  }
  const after = open();
  ensure(
    after.join() === before.join(),
    `descriptors of key and daemon: ${before.join()} before, ${after.join()} after`,
  );
  await untilHidraws(2);
}
console.log("END");
process.exit(0);
