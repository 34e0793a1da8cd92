import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The USB plug of a gadget, shared by its interfaces: the first to come plugs it in, the last to leave pulls it out. */
export interface GadgetPort {
  /** One more interface is there. Throws where this machine has no controller for it. */
  bind(): void;
  /** One interface less. */
  unbind(): void;
}

/**
 * A gadget of the kernel's configfs, with its functions set up (docs/how-to/test-with-a-kernel-device.md), and the first
 * USB device controller of this machine.
 */
export function gadgetPort(folder: string, controllers: string = "/sys/class/udc"): GadgetPort {
  const file = join(folder, "UDC");
  let interfaces = 0;
  return {
    bind: () => {
      if (interfaces === 0 && !isBound(file)) writeFileSync(file, firstOf(controllers));
      interfaces += 1;
    },
    unbind: () => {
      interfaces -= 1;
      if (interfaces === 0) writeFileSync(file, "\n");
    },
  };
}

function isBound(file: string): boolean {
  return readFileSync(file, "utf8").trim() !== "";
}

function firstOf(controllers: string): string {
  const [controller] = readdirSync(controllers);
  if (controller !== undefined) return controller;
  throw new Error(`${controllers} is empty: no USB device controller; load dummy_hcd or use a board that has one`);
}
