import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ListedInterface } from "./hid-api.ts";

/**
 * Which device an interface belongs to.
 *
 * On Linux the kernel knows it: both interfaces of a USB device lie in sysfs below the port that it is plugged into, and
 * no device can lie about that. Where there is no such port (uhid, Bluetooth, other systems) ids and serial must do, and
 * a device that copies them from a FIDO2 key can hide that key while both are plugged in. That is a nuisance which the
 * user sees; it signs nothing. Without a serial, an interface stands for itself.
 */
export function deviceOf(each: ListedInterface, sys = "/sys"): string {
  const port = usbPortOf(each.path, sys);
  if (port !== undefined) return `port ${port}`;
  const { vendorId, productId, serialNumber } = each;
  if (serialNumber !== undefined && serialNumber !== "") return `serial ${vendorId}:${productId}:${serialNumber}`;
  return `path ${each.path}`;
}

// /sys/class/hidraw/hidraw3/device -> /sys/devices/pci0000:00/…/usb1/1-4/1-4:1.0/0003:1209:0001.0007
//                                                    the device: ^^^ has idVendor, its interface 1-4:1.0 has not
function usbPortOf(path: string | undefined, sys: string): string | undefined {
  if (path === undefined || !/^\/dev\/hidraw\d+$/.test(path)) return undefined;
  let folder: string;
  try {
    folder = realpathSync(join(sys, "class/hidraw", basename(path), "device"));
  } catch {
    return undefined;
  }
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, "idVendor"))) return at;
  }
  return undefined;
}
