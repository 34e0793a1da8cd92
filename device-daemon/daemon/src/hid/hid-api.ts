import { type Device, devicesAsync, HIDAsync } from "node-hid";

/** One interface of one device, as node-hid lists it. Ids, names and serial are what the device says. */
export type ListedInterface = Pick<Device, "path" | "vendorId" | "productId" | "serialNumber" | "usagePage" | "usage">;

/** The part of node-hid that is used; the tests put devices of their own in its place. */
export interface HidApi {
  devices(): Promise<readonly ListedInterface[]>;
  open(path: string): Promise<HidDevice>;
}

/** An open device of node-hid. Its "error" event carries a string. */
export interface HidDevice {
  write(report: Buffer): Promise<number>;
  close(): Promise<void>;
  on(event: "data", listener: (report: Buffer) => void): unknown;
  on(event: "error", listener: (cause: unknown) => void): unknown;
}

/** node-hid itself. */
export const nodeHid: HidApi = { devices: () => devicesAsync(), open: (path) => HIDAsync.open(path) };
