import { daemonSees, plug, unplug } from "../../scenarios/key-power.ts";
import { readLedger } from "../../installation.ts";
import { type Checks, ensure } from "./checks.ts";
import type { GuestDesk } from "./guest-desk.ts";
import { descriptorsOf, untilHidraws } from "./hidraw.ts";
import { mustRun } from "./run-tool.ts";

/** Two devices of this kernel, told apart by their usage pages. */
export async function bothInterfaces(): Promise<void> {
  const pages = (await untilHidraws(2)).map(({ usagePage }) => usagePage).toSorted((a, b) => a - b);
  ensure(pages.join() === [0xf1d0, 0xff43].join(), `usage pages ${pages.join()}`);
}

/** A payment by the client, confirmed by a person at key and phone: exit 0, executed once. */
export async function confirmOne(checks: Checks, { installation, hands, pay }: GuestDesk): Promise<void> {
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

/** libfido2 finds the FIDO interface, and does not take the other one for a FIDO key. */
export async function listTokens(): Promise<void> {
  const fido = (await untilHidraws(2)).find(({ usagePage }) => usagePage === 0xf1d0)?.path ?? "";
  const lines = (await mustRun("fido2-token", ["-L"])).trim().split("\n");
  ensure(lines.length === 1 && lines[0]?.startsWith(`${fido}: vendor=0x1209`) === true, lines.join(" | "));
}

/** The plug is pulled while the key shows a payment. */
export async function unplugAtPages(
  checks: Checks,
  { installation, desk, hands, parts, pay }: GuestDesk,
): Promise<void> {
  const before = readLedger(installation).length;
  const client = pay();
  await hands.keyShows("pages");
  const pulled = performance.now();
  await unplug(desk);
  const { exitCode, told, output } = await client.ended;
  const took = performance.now() - pulled;
  checks.figure("unplug to the client's end", took, "ms");
  ensure(took <= 1_000, `told after ${took} ms`);
  ensure(exitCode === 14 && told.at(-1)?.["state"] === "KEY_LEFT", `exit ${exitCode}: ${output}`);
  ensure(readLedger(installation).length === before, "something was executed");
  await daemonSees(parts, 0);
  await plug(desk);
  await daemonSees(parts, 1);
}

/** How long the daemon takes to find a key. */
export async function detection(checks: Checks, { desk, parts }: GuestDesk): Promise<void> {
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

/** Pulls the plug so many times; neither the daemon nor the key may hold more open than before. */
export async function replugs({ desk, parts }: GuestDesk, count: number): Promise<void> {
  const [key, daemon] = desk.children.map(({ process }) => process.pid);
  const opened = () => [descriptorsOf(key), descriptorsOf(daemon)];
  const before = opened();
  for (let round = 0; round < count; round += 1) {
    await unplug(desk);
    await daemonSees(parts, 0);
    await plug(desk);
    await daemonSees(parts, 1);
  }
  const after = opened();
  // A look at the bus opens and closes some of its own; what leaks is there once a round.
  const isSame = after.every((open, at) => open < (before[at] ?? 0) + count / 4);
  ensure(isSame, `descriptors of key and daemon: ${before.join()} before, ${after.join()} after`);
  await untilHidraws(2);
}
