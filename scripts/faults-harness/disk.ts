// A disk that keeps what was synced, and of the rest whatever it likes.
import type { DiskCall } from "./write-trace.ts";

/** Sectors are written whole or not at all. */
const SECTOR = 512;

/** Draws a number in [0, 1). */
export type Draw = () => number;

/** Contents by file name; absent: there is no such file. */
export type Image = ReadonlyMap<string, Uint8Array>;

interface File {
  /** Undefined: not there, for all that is certain. */
  durable: Uint8Array | undefined;
  pending: DiskCall[];
}

export class Disk {
  readonly #files = new Map<string, File>();
  readonly #syncs: boolean;

  /** `syncs` false: a disk that takes every sync for done and does nothing. */
  constructor(start: Image, syncs = true) {
    this.#syncs = syncs;
    for (const [name, durable] of start) this.#files.set(name, { durable, pending: [] });
  }

  take(call: DiskCall): void {
    const file = this.#files.get(call.file) ?? { durable: undefined, pending: [] };
    this.#files.set(call.file, file);
    if (call.type !== "sync") file.pending.push(call);
    else if (this.#syncs) {
      file.durable = after(file.durable, file.pending, () => true);
      file.pending = [];
    }
  }

  /** One thing that may be on the disk if the power goes now. */
  image(draw: Draw): Image {
    const share = SHARES[Math.floor(draw() * SHARES.length)]!;
    const torn = draw() < TORN;
    const keeps = (): boolean => draw() < share;
    const image = new Map<string, Uint8Array>();
    for (const [name, { durable, pending }] of this.#files) {
      const calls = pending.flatMap((call) => (torn && call.type === "write" ? sectorsOf(call) : [call]));
      const content = after(durable, calls, keeps);
      if (content !== undefined) image.set(name, content);
    }
    return image;
  }
}

/** How much of what was not synced is there all the same: none, some, most, all. */
const SHARES = [0, 0.1, 0.5, 0.9, 0.99, 1];
/** Images in which writes are torn between sectors. */
const TORN = 0.5;

function after(
  durable: Uint8Array | undefined,
  calls: readonly DiskCall[],
  keeps: () => boolean,
): Uint8Array | undefined {
  const kept = calls.filter(() => keeps());
  const length = kept.reduce((most, call) => (call.type === "write" ? Math.max(most, endOf(call)) : most), 0);
  let content: Uint8Array | undefined;
  let size = durable?.length;
  if (kept.length === 0) return durable;
  content = new Uint8Array(Math.max(length, durable?.length ?? 0));
  if (durable !== undefined) content.set(durable);
  for (const call of kept) {
    if (call.type === "unlink") {
      content.fill(0);
      size = undefined;
    } else if (call.type === "truncate") {
      content.fill(0, call.length);
      size = call.length;
    } else if (call.type === "write") {
      content.set(call.data, call.offset);
      size = Math.max(size ?? 0, endOf(call));
    }
  }
  return size === undefined ? undefined : resized(content, size);
}

function resized(content: Uint8Array, size: number): Uint8Array {
  if (size <= content.length) return content.subarray(0, size);
  const longer = new Uint8Array(size);
  longer.set(content);
  return longer;
}

function endOf({ offset, data }: { readonly offset: number; readonly data: Uint8Array }): number {
  return offset + data.length;
}

function sectorsOf(call: DiskCall & { readonly type: "write" }): DiskCall[] {
  const sectors: DiskCall[] = [];
  for (let from = 0; from < call.data.length;) {
    const to = Math.min(call.data.length, from + SECTOR - ((call.offset + from) % SECTOR));
    sectors.push({ ...call, offset: call.offset + from, data: call.data.subarray(from, to) });
    from = to;
  }
  return sectors;
}
