import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordFile } from "./record-file.ts";

/** How often a device that has nothing to give, or cannot take, is tried again, in milliseconds. */
const POLL_MS = 2;

/**
 * A character device that is looked at again and again. For devices whose blocked readers are not woken when their cable
 * is pulled, as the gadget's: nothing would end such a read, and Node has no poll for devices.
 */
export function openPolledFile(path: string): Promise<RecordFile> {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const closing = new AbortController();
  const persist = async <T>(attempt: () => T): Promise<T> => {
    for (;;) {
      closing.signal.throwIfAborted();
      try {
        return attempt();
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EAGAIN") throw cause;
      }
      await sleep(POLL_MS, undefined, { signal: closing.signal });
    }
  };
  return Promise.resolve({
    read: async (size) => {
      const bytes = new Uint8Array(size);
      return bytes.slice(0, await persist(() => readSync(descriptor, bytes)));
    },
    write: async (record) => {
      await persist(() => writeSync(descriptor, record));
    },
    close: () => {
      if (!closing.signal.aborted) closeSync(descriptor);
      closing.abort();
      return Promise.resolve();
    },
  });
}
