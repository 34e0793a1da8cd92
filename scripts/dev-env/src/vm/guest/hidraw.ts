import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A hidraw device of this kernel. */
export interface Hidraw {
  readonly path: string;
  /** From its report descriptor: 0xf1d0 is FIDO, 0xff43 is ours. */
  readonly usagePage: number;
}

/** The hidraw devices that are there now. */
export function hidraws(): Hidraw[] {
  const folder = "/sys/class/hidraw";
  return readdirSync(folder).map((name) => {
    const descriptor = readFileSync(`${folder}/${name}/device/report_descriptor`);
    return { path: `/dev/${name}`, usagePage: descriptor[0] === 0x06 ? descriptor.readUInt16LE(1) : 0 };
  });
}

/** Waits until so many are there. */
export async function untilHidraws(count: number): Promise<Hidraw[]> {
  for (let left = 500; left > 0; left -= 1) {
    const found = hidraws();
    if (found.length === count) return found;
    await sleep(20);
  }
  throw new Error(`waited for ${count} hidraw devices, there are ${hidraws().length}`);
}

/** Open descriptors of a process. */
export function descriptorsOf(pid: number | undefined): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
