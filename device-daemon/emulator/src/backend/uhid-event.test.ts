import { COUNTERSIGN_USAGE_PAGE, FIDO_USAGE_PAGE } from "@countersign/key-protocol";
import { describe, expect, test } from "@jest/globals";
import { reportDescriptor } from "./report-descriptor.ts";
import {
  decodeEvent,
  encodeCreate,
  encodeDestroy,
  encodeInput,
  encodeRefusal,
  EVENT_SIZE,
  type UhidDevice,
} from "./uhid-event.ts";

const DEVICE: UhidDevice = {
  name: "Countersign emulator",
  phys: "countersign/1",
  uniq: "EMU-0001",
  vendor: 0x1209,
  product: 1,
  version: 0x100,
  descriptor: reportDescriptor(COUNTERSIGN_USAGE_PAGE),
};
const report = Uint8Array.from({ length: 64 }, (_, at) => at + 1);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const ascii = (text: string): string => hex(Buffer.from(text));

/** An event as the kernel writes it, byte by byte. */
function fromKernel(...pieces: readonly { readonly at: number; readonly hex: string }[]): Uint8Array {
  const bytes = Buffer.alloc(EVENT_SIZE);
  for (const piece of pieces) bytes.write(piece.hex, piece.at, "hex");
  return new Uint8Array(bytes);
}

// The bytes below are those of a little-endian kernel; the layout is that of linux/uhid.h.
describe("what goes to the kernel", () => {
  test.each([
    [0, "0b000000", "type CREATE2"],
    [4, `${ascii("Countersign emulator")}00`, "name"],
    [132, `${ascii("countersign/1")}00`, "phys"],
    [196, `${ascii("EMU-0001")}00`, "uniq"],
    [260, "2200", "descriptor size 34"],
    [262, "0300", "bus USB"],
    [264, "09120000", "vendor"],
    [268, "01000000", "product"],
    [272, "00010000", "version"],
    [276, "00000000", "country"],
    [280, "0643ff0901a1010920150026ff00750895408102092115", "descriptor"],
  ])("CREATE2 has at %i: %s (%s)", (at, expected) => {
    const bytes = encodeCreate(DEVICE);
    expect(bytes).toHaveLength(4376);
    expect(hex(bytes.slice(at, at + expected.length / 2))).toBe(expected);
  });

  test("DESTROY, INPUT2 and the refusals have no byte more than they need", () => {
    expect(hex(encodeDestroy())).toBe("01000000");
    expect(hex(encodeInput(report))).toBe(`0c0000004000${hex(report)}`);
    expect(hex(encodeRefusal("set-report", 0x01020304))).toBe("0e000000040302010500");
    expect(hex(encodeRefusal("get-report", 7))).toBe("0a0000000700000005000000");
  });

  test("a name that does not fit is refused; none is cut", () => {
    const longest = "x".repeat(63);
    expect(encodeCreate({ ...DEVICE, uniq: longest })[196 + 63]).toBe(0);
    expect(() => encodeCreate({ ...DEVICE, uniq: `${longest}x` })).toThrow("more than 63 bytes");
  });

  test.each([
    [FIDO_USAGE_PAGE, "06d0f1"],
    [COUNTERSIGN_USAGE_PAGE, "0643ff"],
  ] as const)("the descriptor of page %i is 34 bytes", (page, start) => {
    const rest = "0901a1010920150026ff007508954081020921150026ff00750895409102c0";
    expect(hex(reportDescriptor(page))).toBe(start + rest);
  });
});

describe("what comes from the kernel", () => {
  test.each([
    ["02000000", { type: "start" }],
    ["03000000", { type: "stop" }],
    ["04000000", { type: "open" }],
    ["05000000", { type: "close" }],
    ["07000000", { type: "unknown", number: 7 }],
    ["ffffffff", { type: "unknown", number: 0xffffffff }],
  ])("%s", (type, event) => {
    expect(decodeEvent(fromKernel({ at: 0, hex: type }))).toEqual(event);
  });

  test.each([
    [13, "0d000000", "set-report"],
    [9, "09000000", "get-report"],
  ])("type %i carries the id that its answer copies", (_number, type, name) => {
    const bytes = fromKernel({ at: 0, hex: type }, { at: 4, hex: "04030201" });
    expect(decodeEvent(bytes)).toEqual({ type: name, id: 0x01020304 });
  });

  test.each([
    ["65 bytes with the report number 0: without it", `00${hex(report)}`, "4100"],
    ["64 bytes: as they are", hex(report), "4000"],
  ])("OUTPUT of %s", (_name, data, size) => {
    const bytes = fromKernel({ at: 0, hex: "06000000" }, { at: 4, hex: data }, { at: 4100, hex: size });
    expect(decodeEvent(bytes)).toEqual({ type: "output", report });
  });

  test.each([
    ["0000", "empty"],
    ["3f00", "63 bytes"],
    ["4200", "66 bytes"],
    ["0010", "4096 bytes"],
    ["ffff", "more than the event holds"],
  ])("OUTPUT of size %s (%s) is no report", (size) => {
    const bytes = fromKernel({ at: 0, hex: "06000000" }, { at: 4100, hex: size });
    expect(decodeEvent(bytes)).toEqual({ type: "unknown", number: 6 });
  });

  test("OUTPUT of 65 bytes with another report number is no report of this device", () => {
    const bytes = fromKernel({ at: 0, hex: "06000000" }, { at: 4, hex: `01${hex(report)}` }, { at: 4100, hex: "4100" });
    expect(decodeEvent(bytes)).toEqual({ type: "unknown", number: 6 });
  });

  test("less than an event is refused", () => {
    expect(() => decodeEvent(new Uint8Array(EVENT_SIZE - 1))).toThrow("has 4376 bytes");
  });
});
