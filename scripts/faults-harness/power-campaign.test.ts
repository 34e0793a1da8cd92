// A slice of `scripts/faults power`, and what its disk is made of.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { Disk } from "./disk.ts";
import { powerCampaign } from "./power-campaign.ts";
import { readTrace, type DiskCall } from "./write-trace.ts";

const folder = tempFolder();
/** Many processes, each of which takes its time on a busy machine. */
const PATIENCE_MS = 600_000;
const peerTest = testWith("strace", spawnSync("strace", ["-V"]).status === 0);

peerTest(
  "no image of a power cut lost what was acknowledged; one of a store that does not sync did",
  async () => {
    const at = join(folder, "campaign");
    mkdirSync(at);
    const { images, lost, faults, control } = await powerCampaign(at, { images: 100, lives: 1, controls: 100 });
    expect(faults).toEqual([]);
    expect([images, lost]).toEqual([100, 0]);
    expect(control.lost).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

test("the disk keeps what was synced, and of the rest what it likes", () => {
  const write = (offset: number, ...data: number[]): DiskCall => ({
    ...PLACE,
    type: "write",
    offset,
    data: Uint8Array.from(data),
  });
  const disk = new Disk(new Map([["db", Uint8Array.of(1, 2, 3)]]));
  disk.take(write(3, 4));
  disk.take({ ...PLACE, type: "sync" });
  disk.take(write(0, 9));
  disk.take({ ...PLACE, type: "truncate", length: 2 });
  expect(disk.image(always(0)).get("db")).toEqual(Uint8Array.of(1, 2, 3, 4)); // nothing of it
  expect(disk.image(always(0.999)).get("db")).toEqual(Uint8Array.of(9, 2)); // all of it
  disk.take({ ...PLACE, type: "unlink" });
  expect(disk.image(always(0.999)).has("db")).toBe(false);
  expect(disk.image(always(0)).has("db")).toBe(true);
});

test("a write is torn between sectors of the disk", () => {
  const disk = new Disk(new Map([["db", new Uint8Array(1536)]]));
  disk.take({ ...PLACE, type: "write", offset: 256, data: new Uint8Array(1024).fill(7) });
  // Half of what was written, torn: the first and third sector stay, the second does not.
  const draws = [0.4, 0, 0.1, 0.9, 0.1];
  const image = disk.image(() => draws.shift() ?? 0);
  const filled = [...(image.get("db") ?? [])].flatMap((byte, i) => (byte === 7 ? [i] : []));
  expect([filled.length, filled[0], filled.at(-1)]).toEqual([512, 256, 1279]);
  expect(filled.includes(600)).toBe(false);
});

test("a trace is read to the byte, and what it does not know it refuses", () => {
  const log = [
    String.raw`7 100.000001 pwrite64(3<\x2f\x64\x62>, "\x61\x00", 2, 10) = 2`,
    "7 100.000002 --- SIGCHLD {si_signo=SIGCHLD} ---",
    String.raw`7 100.000003 fdatasync(3<\x2f\x64\x62>) = 0`,
    String.raw`7 100.000004 ftruncate(3<\x2f\x64\x62>, 5) = 0`,
    String.raw`7 100.000005 unlink("\x2f\x64\x62") = -1 ENOENT (No such file or directory)`,
    String.raw`7 100.000006 unlink("\x2f\x64\x62") = 0`,
    // Killed in the middle of these.
    String.raw`7 100.000007 fsync(3<\x2f\x64\x62>)           = ?`,
    String.raw`8 100.000007 pwrite64(3<\x2f\x64\x62>, "\x61"..., 4096, 0 <unfinished ...>) = ?`,
    "7 100.000008 +++ killed by SIGKILL +++",
    "",
  ].join("\n");
  const read = readTrace(log);
  expect(read.map(({ type, file }) => `${type} ${file}`)).toEqual(["write db", "sync db", "truncate db", "unlink db"]);
  expect(read[0]).toMatchObject({ offset: 10, data: Uint8Array.of(0x61, 0) });
  expect(() => readTrace(String.raw`7 1.0 rename("\x61", "\x62") = 0`)).toThrow("no image knows");
  expect(() => readTrace(String.raw`7 1.0 pwrite64(3<\x61>, "\x61"..., 9, 0) = 9`)).toThrow("cut a write short");
  expect(() => readTrace("7 1.0 pwrite64(3 <unfinished ...>")).toThrow("not understood");
});

const PLACE = { file: "db", at: 0 } as const;

function always(draw: number): () => number {
  return () => draw;
}
