import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Secret, silentLog, systemTimer } from "@countersign/bot-kit";
import { FakeCore } from "@countersign/bot-kit/testing";
import { freePort, startChild, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SmsChannel } from "../sms-channel.ts";
import { FakeSmsc, shortOutgoing } from "../testing/index.ts";
import { cString, encodePdu, PduReader, RESPONSE, type RawPdu } from "../testing/pdu.ts";
import { Seeded } from "../testing/seeded-bytes.ts";
import { SmppPlatform } from "./smpp-platform.ts";

const SEED = 20261122;
const COMMANDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0b, 0x15, 0x21, 0x102, 0x103, 0x111, 0x112, 0x113, 0x7777, 0];

/** What an SMSC gone wrong sends: noise, PDUs with broken lengths, PDUs of every command with bodies of noise. */
function garbage(seeded: Seeded, asked: RawPdu): Uint8Array {
  const command = (COMMANDS[seeded.below(COMMANDS.length)] ?? 5) + (seeded.below(2) === 0 ? RESPONSE : 0);
  const noise = seeded.bytes(seeded.below(120));
  const sequence = seeded.below(2) === 0 ? asked.sequence : seeded.below(2 ** 31);
  const pdu = encodePdu({ command, status: seeded.below(3) === 0 ? seeded.below(256) : 0, sequence, body: noise });
  switch (seeded.below(6)) {
    case 0:
      return seeded.bytes(1 + seeded.below(64));
    case 1:
      new DataView(pdu.buffer).setUint32(0, seeded.below(2) === 0 ? seeded.below(40) : seeded.below(2 ** 31) * 2);
      return pdu;
    case 2: {
      const receipt = encodePdu({ command: 5, status: 0, sequence, body: deliverSm(seeded) });
      receipt[16 + seeded.below(Math.max(1, receipt.length - 16))] = seeded.below(256);
      return receipt;
    }
    case 3:
      return pdu.slice(0, seeded.below(pdu.length));
    default:
      return pdu;
  }
}

function deliverSm(seeded: Seeded): Uint8Array {
  const text = Buffer.from(`id:${seeded.below(10_000)} stat:DELIVRD err:000 text:x`);
  const esmClass = [4, 0x44, 0x40, 0][seeded.below(4)] ?? 4;
  const coding = [0, 1, 3, 4, 8, 0xff][seeded.below(6)] ?? 0;
  const head = [0, 1, 1, ...cString("4915112345678"), 5, 0, ...cString("Acme"), esmClass, 0, 0, 0, 0, 0, 0, coding, 0];
  return Uint8Array.from([...head, text.length, ...text, ...seeded.bytes(seeded.below(24))]);
}

/** An SMSC that binds and then answers every request with garbage. Resolves with its port and its end. */
async function gonewrong(seeded: Seeded): Promise<{ port: number; stop: () => void; answered: () => number }> {
  let answered = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const reader = new PduReader();
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      for (const pdu of reader.read(chunk)) {
        if (pdu.command === 9 && seeded.below(8) > 0) {
          socket.write(encodePdu({ command: 0x80000009, status: 0, sequence: pdu.sequence, body: cString("X") }));
        } else {
          answered += 1;
          socket.write(garbage(seeded, pdu));
          if (seeded.below(4) === 0) socket.destroy();
        }
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, stop, answered: () => answered };
}

function channelTo(port: number): SmsChannel {
  const account = { host: "127.0.0.1", port, tls: undefined, systemId: "countersign" };
  const platform = new SmppPlatform({
    account: { ...account, password: new Secret("SMPP password", "pw-fake1") },
    sender: undefined,
    timer: systemTimer,
    log: silentLog,
  });
  return new SmsChannel({ platform, timer: systemTimer, log: silentLog });
}

test(`300 and more submissions to an SMSC that answers with garbage (seed ${SEED}): each ends in a class, none in anything else`, async () => {
  const seeded = new Seeded(SEED);
  const uncaught: unknown[] = [];
  const catchIt = (error: unknown): void => void uncaught.push(error);
  process.on("uncaughtException", catchIt).on("unhandledRejection", catchIt);
  const smsc = await gonewrong(seeded);
  const fates = new Map<string, number>();
  // Submissions whose time was over before they got anywhere are not what this is about: then more, with more time.
  const enough = (): boolean => (fates.get("unknown") ?? 0) > 20 && smsc.answered() > 100;
  for (let round = 0; round < 30 || !enough(); round += 1) {
    const ms = Math.min(300 * 2 ** Math.max(0, round - 29), 60_000);
    const channel = channelTo(smsc.port);
    const shipped = Array.from({ length: 10 }, async (_, at) => {
      const outgoing = shortOutgoing({ deliveryId: `${round}/${at}` });
      const outcome = await channel.deliver(outgoing, AbortSignal.timeout(ms)).then(
        () => "sent",
        (error: { name: string; fate: string }) => (error.name === "ChannelError" ? error.fate : error.name),
      );
      fates.set(outcome, (fates.get(outcome) ?? 0) + 1);
    });
    await Promise.all(shipped);
    await channel.close();
  }
  smsc.stop();
  process.off("uncaughtException", catchIt).off("unhandledRejection", catchIt);
  expect(uncaught).toEqual([]);
  expect([...fates.keys()].filter((fate) => !["sent", "not-sent", "unknown", "permanent"].includes(fate))).toEqual([]);
}, 400_000);

test("a process outlives an SMSC that floods every connection with garbage, and works once the SMSC does", async () => {
  const folder = tempFolderOfThisFile;
  const seeded = new Seeded(SEED + 1);
  const core = await FakeCore.start();
  const port = await freePort();
  let smsc = await FakeSmsc.start({ port });
  for (const [name, content] of [
    ["core", core.token],
    ["smpp", smsc.account.password],
  ] as const) {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  }
  const bot = await startChild("bots/sms/src/main.ts", [
    ...["--core", core.address, "--plaintext", "--token-file", join(folder, "core"), "--driver", "smpp"],
    ...["--smpp", `127.0.0.1:${port}`, "--system-id", smsc.account.systemId],
    ...["--smpp-password-file", join(folder, "smpp")],
  ]);
  for (let round = 0; round < 3; round += 1) {
    await smsc.until(() => smsc.sessions.length === 1);
    const asked = { command: 4, status: 0, sequence: 1, body: new Uint8Array() };
    for (let at = 0; at < 200; at += 1) smsc.sessions[0]?.write(garbage(seeded, asked));
    await smsc.until(() => smsc.sessions.length === 0);
  }
  await smsc.stop();
  smsc = await FakeSmsc.start({ port });
  await smsc.until(() => smsc.sessions.length === 1);
  expect(bot.process.exitCode).toBeNull();
  expect(await bot.stop()).toBe(0);
  core.stop();
  await smsc.stop();
}, 400_000);

const tempFolderOfThisFile = tempFolder();
