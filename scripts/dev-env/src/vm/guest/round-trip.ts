import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { connect } from "node:net";
import { startChild } from "@countersign/testing/child";
import { type Checks, ensure } from "./checks.ts";
import { untilHidraws } from "./hidraw.ts";

const REPORT = 64;
const ROUNDS = 200;

/** The host's end of one interface, as bare as it can be: no daemon, no library. */
interface Line {
  write(report: Uint8Array): Promise<void>;
  read(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * CTAPHID round trips by the guest's clock: PING of 1 and of 30 reports, over the kernel's bus and, with a key of its own,
 * over a Unix socket beside it. The clock counts instructions: figures of one run compare with each other, not with a PC.
 */
export async function measureRoundTrips(checks: Checks, bus: string, folder: string): Promise<void> {
  const vendor = (await untilHidraws(2)).find(({ usagePage }) => usagePage === 0xff43)?.path ?? "";
  await measure(checks, bus, await overHidraw(vendor));
  const socket = `${folder}/bare.sock`;
  const key = await startChild("device-daemon/emulator/src/main.ts", [
    ...["--socket", socket, "--store", `${folder}/bare`, "--serial", "EMU-VM09"],
  ]);
  await measure(checks, "socket", await overSocket(socket));
  await key.stop();
}

async function measure(checks: Checks, name: string, line: Line): Promise<void> {
  const channel = await openChannel(line);
  for (const [reports, size] of [
    [1, 57],
    [30, 1768],
  ] as const) {
    const began = performance.now();
    for (let round = 0; round < ROUNDS / reports; round += 1) await ping(line, channel, randomBytes(size));
    const each = (performance.now() - began) / Math.ceil(ROUNDS / reports);
    checks.figure(`round trip of ${size} bytes over ${name}`, each, "ms");
  }
  await line.close();
}

// INIT on the broadcast channel: ffffffff | 86 | 0008 | nonce; the answer carries nonce (8) and the new channel (4).
async function openChannel(line: Line): Promise<Uint8Array> {
  const nonce = randomBytes(8);
  const init = Buffer.alloc(REPORT);
  init.set([0xff, 0xff, 0xff, 0xff, 0x86, 0, 8, ...nonce]);
  await line.write(init);
  for (;;) {
    const answer = Buffer.from(await line.read());
    if (answer[4] === 0x86 && answer.subarray(7, 15).equals(nonce)) return answer.subarray(15, 19);
  }
}

// PING: channel | 81 | length | 57 bytes, then channel | sequence | 59 bytes; what comes back is the same.
async function ping(line: Line, channel: Uint8Array, data: Uint8Array): Promise<void> {
  const reports = [Buffer.alloc(REPORT)];
  reports[0]?.set([...channel, 0x81, data.length >> 8, data.length & 0xff, ...data.subarray(0, 57)]);
  for (let at = 57, sequence = 0; at < data.length; at += 59, sequence += 1) {
    const next = Buffer.alloc(REPORT);
    next.set([...channel, sequence, ...data.subarray(at, at + 59)]);
    reports.push(next);
  }
  for (const report of reports) await line.write(report);
  for (const report of reports) ensure(report.equals(await line.read()), "a PING came back altered");
}

async function overHidraw(path: string): Promise<Line> {
  const file: FileHandle = await open(path, "r+");
  return {
    // The report number 0 goes before what is written.
    write: async (report) => void (await file.write(Buffer.concat([Buffer.of(0), report]), 0, REPORT + 1, null)),
    read: async () => (await file.read(Buffer.alloc(REPORT), 0, REPORT, null)).buffer,
    close: () => file.close(),
  };
}

async function overSocket(path: string): Promise<Line> {
  const socket = connect(path);
  await once(socket, "connect");
  return {
    write: async (report) => void socket.write(report),
    read: async () => {
      for (;;) {
        const chunk = socket.read(REPORT) as Buffer | null;
        if (chunk !== null) return chunk;
        await once(socket, "readable");
      }
    },
    close: async () => void socket.destroy(),
  };
}
