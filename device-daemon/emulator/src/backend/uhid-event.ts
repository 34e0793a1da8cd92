import { endianness } from "node:os";

/** Size of the kernel's `struct uhid_event`: what a read gives, and a CREATE2 takes. */
export const EVENT_SIZE = 4376;

// linux/uhid.h; all structures are packed, all numbers of the host's byte order.
const EventType = {
  DESTROY: 1,
  START: 2,
  STOP: 3,
  OPEN: 4,
  CLOSE: 5,
  OUTPUT: 6,
  GET_REPORT: 9,
  GET_REPORT_REPLY: 10,
  CREATE2: 11,
  INPUT2: 12,
  SET_REPORT: 13,
  SET_REPORT_REPLY: 14,
} as const;

const BUS_USB = 3;
const EIO = 5;
const LITTLE = endianness() === "LE";

const DATA_MAX = 4096;
const OUTPUT_DATA = 4;
const OUTPUT_SIZE = OUTPUT_DATA + DATA_MAX;
const REPORT = 64;

/** What the kernel shall make of it: names as `/sys` shows them, numbers as on USB. */
export interface UhidDevice {
  /** At most 127 bytes of UTF-8; node-hid shows it as the product. */
  readonly name: string;
  /** Where it is plugged in, at most 63 bytes; the two interfaces of one key have the same. */
  readonly phys: string;
  /** The serial number, at most 63 bytes. */
  readonly uniq: string;
  readonly vendor: number;
  readonly product: number;
  readonly version: number;
  readonly descriptor: Uint8Array;
}

/** What the kernel says about a device. `bytes` of a report are 64; `id` goes back with the answer. */
export type UhidEvent =
  | { readonly type: "start" | "stop" | "open" | "close" }
  | { readonly type: "output"; readonly report: Uint8Array }
  | { readonly type: "set-report" | "get-report"; readonly id: number }
  | { readonly type: "unknown"; readonly number: number };

// 0 type u32 | 4 name[128] | 132 phys[64] | 196 uniq[64] | 260 descriptor size u16 | 262 bus u16 | 264 vendor u32
// 268 product u32 | 272 version u32 | 276 country u32 | 280 descriptor
/** Makes the device. */
export function encodeCreate(device: UhidDevice): Uint8Array {
  const { bytes, view } = event(EventType.CREATE2, EVENT_SIZE);
  putText(bytes, 4, 128, device.name);
  putText(bytes, 132, 64, device.phys);
  putText(bytes, 196, 64, device.uniq);
  view.setUint16(260, device.descriptor.length, LITTLE);
  view.setUint16(262, BUS_USB, LITTLE);
  view.setUint32(264, device.vendor, LITTLE);
  view.setUint32(268, device.product, LITTLE);
  view.setUint32(272, device.version, LITTLE);
  bytes.set(device.descriptor, 280);
  return bytes;
}

/** Unmakes the device. */
export function encodeDestroy(): Uint8Array {
  return event(EventType.DESTROY, 4).bytes;
}

// 0 type u32 | 4 size u16 | 6 data
/** A report of the device for the host. */
export function encodeInput(report: Uint8Array): Uint8Array {
  const { bytes, view } = event(EventType.INPUT2, 6 + report.length);
  view.setUint16(4, report.length, LITTLE);
  bytes.set(report, 6);
  return bytes;
}

// 0 type u32 | 4 id u32 | 8 error u16                               GET_REPORT's answer has a size u16 more
/** Refuses a request on the control pipe, which this device has no use for; without an answer the host waits 5 s. */
export function encodeRefusal(asked: "set-report" | "get-report", id: number): Uint8Array {
  const isSet = asked === "set-report";
  const { bytes, view } = event(isSet ? EventType.SET_REPORT_REPLY : EventType.GET_REPORT_REPLY, isSet ? 10 : 12);
  view.setUint32(4, id, LITTLE);
  view.setUint16(8, EIO, LITTLE);
  return bytes;
}

/** Reads what `/dev/uhid` gave. A report of any other size than 64 bytes (65 with the report number 0) is "unknown". */
export function decodeEvent(bytes: Uint8Array): UhidEvent {
  if (bytes.length < EVENT_SIZE) throw new RangeError(`an event of uhid has ${EVENT_SIZE} bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = view.getUint32(0, LITTLE);
  switch (number) {
    case EventType.START:
      return { type: "start" };
    case EventType.STOP:
      return { type: "stop" };
    case EventType.OPEN:
      return { type: "open" };
    case EventType.CLOSE:
      return { type: "close" };
    case EventType.OUTPUT:
      return outputOf(bytes, view.getUint16(OUTPUT_SIZE, LITTLE));
    case EventType.SET_REPORT:
      return { type: "set-report", id: view.getUint32(4, LITTLE) };
    case EventType.GET_REPORT:
      return { type: "get-report", id: view.getUint32(4, LITTLE) };
    default:
      return { type: "unknown", number };
  }
}

// 4 data[4096] | 4100 size u16. hidraw passes on what was written: the report number 0, then the report.
function outputOf(bytes: Uint8Array, size: number): UhidEvent {
  const skipped = size === REPORT + 1 && bytes[OUTPUT_DATA] === 0 ? 1 : 0;
  if (size - skipped !== REPORT) return { type: "unknown", number: EventType.OUTPUT };
  return { type: "output", report: bytes.slice(OUTPUT_DATA + skipped, OUTPUT_DATA + size) };
}

function event(type: number, size: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, LITTLE);
  return { bytes, view };
}

function putText(bytes: Uint8Array, at: number, room: number, text: string): void {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length >= room) throw new RangeError(`"${text}" takes more than ${room - 1} bytes`);
  bytes.set(encoded, at);
}
