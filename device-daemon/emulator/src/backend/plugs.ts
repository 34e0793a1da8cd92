import { COUNTERSIGN_USAGE_PAGE, FIDO_USAGE_PAGE, USB_PRODUCT_ID, USB_VENDOR_ID } from "@countersign/key-protocol";
import type { Profile } from "../device.ts";
import type { InterfaceName } from "../key.ts";
import type { ConnectBackend } from "./backend.ts";
import { gadgetPort } from "./gadget-port.ts";
import { HidgBackend } from "./hidg-backend.ts";
import { reportDescriptor, type UsagePage } from "./report-descriptor.ts";
import { SocketBackend } from "./socket-backend.ts";
import { UhidBackend } from "./uhid-backend.ts";

/** How each interface of a key meets the host; an interface without a plug is out of reach. */
export type Plugs = Readonly<Partial<Record<InterfaceName, ConnectBackend>>>;

/** bcdDevice. */
const VERSION = 0x0100;

const PAGES: Readonly<Record<InterfaceName, UsagePage>> = { fido: FIDO_USAGE_PAGE, vendor: COUNTERSIGN_USAGE_PAGE };

/** A path for each interface that is to be in reach. */
export type Paths = Readonly<Partial<Record<InterfaceName, string>>>;

/** Unix sockets that carry the reports. */
export function onSockets(paths: Paths): Plugs {
  return plugs(paths, (path) => (onReport) => new SocketBackend(path, onReport));
}

/** Devices of this machine's kernel, through `/dev/uhid`: one for each interface, told to belong together by their serial number. */
export function onUhid({ vendor, model, serial }: Pick<Profile, "vendor" | "model" | "serial">): Plugs {
  const phys = `countersign/${process.pid}`;
  const numbers = { vendor: USB_VENDOR_ID, product: USB_PRODUCT_ID, version: VERSION };
  const plug =
    (name: InterfaceName): ConnectBackend =>
    (onReport) => {
      const descriptor = reportDescriptor(PAGES[name]);
      return new UhidBackend({ name: `Countersign ${model}`, phys, uniq: serial, ...numbers, descriptor }, onReport);
    };
  return { fido: plug("fido"), ...(vendor ? { vendor: plug("vendor") } : {}) };
}

/** Functions of a USB gadget, set up beforehand; `gadget` is its configfs folder, for a plug that can be pulled. */
export function onGadget(paths: Paths, gadget: string | undefined): Plugs {
  const port = gadget === undefined ? {} : { port: gadgetPort(gadget) };
  return plugs(paths, (path) => (onReport) => new HidgBackend({ path, ...port }, onReport));
}

function plugs({ fido, vendor }: Paths, plug: (path: string) => ConnectBackend): Plugs {
  return {
    ...(fido === undefined ? {} : { fido: plug(fido) }),
    ...(vendor === undefined ? {} : { vendor: plug(vendor) }),
  };
}
