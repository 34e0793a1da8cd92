import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { LinkError } from "../hid/link-error.ts";
import { findCountersignDevices, NodeHidTransport } from "../hid/node-hid-transport.ts";
import type { KeyRegistry } from "./key-registry.ts";

/** How often the bus is looked at, in milliseconds: a key is found within 2 s. */
const POLL_MS = 1_000;

/** What to do when a key may not be opened. */
const UDEV_FIX = [
  "the key may not be opened by this user. Put this line, with the key's two ids from `lsusb`, into",
  "/etc/udev/rules.d/70-countersign.rules and plug the key in again:",
  'SUBSYSTEM=="hidraw", ATTRS{idVendor}=="1209", ATTRS{idProduct}=="<id>", TAG+="uaccess"',
].join(" ");

/** Looks for real keys until `signal`: opens new ones, forgets those that left. */
export async function watchHid(registry: KeyRegistry, log: Logger, signal: AbortSignal): Promise<void> {
  const open = new Set<string>();
  let told = "";
  while (!signal.aborted) {
    try {
      const paths = await findCountersignDevices();
      for (const path of paths.filter((each) => !open.has(each))) {
        open.add(path);
        void attach(path, registry, signal).finally(() => open.delete(path));
      }
    } catch (cause) {
      const why = String(cause);
      if (why !== told)
        log.warn({ cause: why }, "USB cannot be searched for keys; on Debian: apt-get install libusb-1.0-0");
      told = why;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function attach(path: string, registry: KeyRegistry, signal: AbortSignal): Promise<void> {
  try {
    const transport = await NodeHidTransport.open(path);
    const close = (): void => transport.close();
    signal.addEventListener("abort", close, { once: true });
    registry.setDenied(path, undefined);
    await registry.attach(transport, "countersign");
    signal.removeEventListener("abort", close);
  } catch (cause) {
    if (!(cause instanceof LinkError)) throw cause;
    registry.setDenied(path, cause.fault === "permission" ? UDEV_FIX : undefined);
  }
}
