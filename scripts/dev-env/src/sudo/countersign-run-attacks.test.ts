// Every attack that there is, on both sides of a command of countersign-run: between host and core, and on the owner's PC.
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { startChild } from "@countersign/testing/child";
import { DeviceServiceService } from "@countersign/proto/node/device/v1/device_service";
import { ExecutionServiceService } from "@countersign/proto/node/core/v1/execution_service";
import { startClient } from "../crash/client.ts";
import { malwareOf, SUBMIT, type Attack } from "../mitm/attacks.ts";
import { startProxy } from "../mitm/proxy.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { slippingFinger, swappingEyes } from "../person/senses.ts";
import { CORE_SERVICES } from "../scenario.ts";
import { secondPayment } from "../second-payment.ts";
import { hasSudo, RunHost } from "./run-host.ts";

const peerTest = testWith("sudo", hasSudo);
const folder = tempFolder();
let host: RunHost;

beforeAll(async () => {
  if (hasSudo) host = await RunHost.open(folder);
}, 400_000);
afterAll(() => host?.close());

/** The last line that the PC tells. Nobody knows it beforehand; all that the key can show of it is that it is this one. */
function digestOf(lines: unknown): string {
  return (lines as readonly { readonly value: string }[] | undefined)?.at(-1)?.value ?? "";
}

const RUNS = { exit: 0, says: "Confirmed in" };
/** On his PC there is nothing by the words that the terminal names, and he goes away. */
const LEFT = { exit: 17, says: "Withdrawn by you" };

peerTest.each<[Attack, { exit: number; says: string }]>([
  ["alter-tx2", { exit: 12, says: "STOPPED: details differ" }],
  ["alter-tx3", LEFT],
  ["alter-both", LEFT],
  ["swap-codes", RUNS],
  ["replay-statement", RUNS],
  ["forged-success", { exit: 22, says: "nothing was done now" }],
  ["withheld-statement", { exit: 11, says: "Expired" }],
  ["wrong-code", RUNS],
  ["garbage-signatures", RUNS],
])(
  "a command under %s",
  async (attack, { exit, says }) => {
    const { desk } = await host.scene.user();
    const malware = malwareOf(attack);
    const toCore = await startProxy({
      ...{ listen: "127.0.0.1:0", target: host.scene.installation.coreAddress, tamper: malware.toCore },
      services: [...CORE_SERVICES, ExecutionServiceService],
    });
    const socket = `unix:${join(mkdtempSync(join(folder, "pc-")), "d.sock")}`;
    const toDaemon = await startProxy({
      ...{ listen: socket, target: desk.daemonSocket, tamper: malware.toDaemon },
      services: [DeviceServiceService],
    });
    const key = attack === "wrong-code" ? await slippingFinger(desk.keyUrl) : undefined;
    const phone = attack === "swap-codes" ? await swappingEyes(desk.phoneUrl) : undefined;
    const other = attack === "swap-codes" ? await secondPayment(host.scene.installation, desk) : undefined;
    const settings = host.configure(desk.userId, { core: toCore.address });
    try {
      const mark = host.newMark();
      const command = ["/usr/bin/touch", mark];
      const meant = host.meantBy(settings, ...command);
      expect(meant).toContain(`Argument: ${mark}`);
      const eyes = { key: key?.url ?? desk.keyUrl, phone: phone?.url ?? desk.phoneUrl };
      const known = await new PhoneInHand(eyes.phone).messageIds(AbortSignal.timeout(60_000));
      const run = host.sudo(...command);
      const [, tag = ""] = await run.shows(/^ {2}([A-Z]+ [A-Z]+) {2}Run /m);
      const installation = { ...host.scene.installation, coreAddress: toCore.address };
      const digest = Promise.withResolvers<string>();
      const pc = { ...desk, daemonSocket: socket };
      const client = startClient(installation, pc, ["approve", tag], ({ lines }) => digest.resolve(digestOf(lines)));
      void client.ended.then(() => digest.resolve(""));
      const shown = `${meant}\nDigest: ${await digest.promise}`;
      const person = JSON.stringify({ meant: shown, pin: desk.pin, temper: "careful", known, ...eyes });
      const seated = await startChild("scripts/dev-env/src/person/person-main.ts", [], {}, person);
      try {
        const told = await client.ended;
        if (told.output.includes("does not wait for your approval")) run.interrupt();
        const end = await run.ended;
        expect({ ...end, ran: existsSync(mark), told: told.output }).toEqual({
          exitCode: exit,
          output: expect.stringContaining(says) as unknown,
          ran: exit === 0,
          told: told.output,
        });
        // What was withheld is handed in later, when the host has given up.
        for (const statement of malware.kept) for await (const answer of toCore.call(SUBMIT, statement)) void answer;
        expect(existsSync(mark)).toBe(exit === 0);
      } finally {
        client.kill();
        await client.ended;
        await seated.stop();
      }
    } finally {
      settings.remove();
      await other?.withdraw();
      for (const one of [toCore, toDaemon, key, phone]) one?.close();
    }
  },
  400_000,
);
