import { describe, expect, test } from "@jest/globals";
import type { ListedInterface } from "./hid-api.ts";
import { keyInterfacesOf } from "./key-interface.ts";

type Row = ListedInterface & { readonly port: string };

function row(path: string, usagePage: number, port: string, usage = 1): Row {
  return { path, usagePage, usage, port, vendorId: 0x1209, productId: 1, serialNumber: "SAME" };
}

const portOf = (each: ListedInterface): string => (each as Row).port;

function kindsOf(rows: readonly ListedInterface[]): readonly string[] {
  return keyInterfacesOf(rows, portOf).map(({ path, kind }) => `${path} ${kind}`);
}

describe("which interface of which device is spoken to", () => {
  test.each([
    ["ours alone", [row("a", 0xff43, "1")], ["a countersign"]],
    ["ours with FIDO beside it", [row("a", 0xf1d0, "1"), row("b", 0xff43, "1")], ["b countersign"]],
    ["a security key", [row("a", 0xf1d0, "1")], ["a fido2"]],
    ["one of each", [row("a", 0xf1d0, "1"), row("b", 0xff43, "2")], ["b countersign", "a fido2"]],
    ["both pages on one node", [row("a", 0xf1d0, "1"), row("a", 0xff43, "1")], ["a countersign"]],
    ["both pages on one node, told apart by a lie", [row("a", 0xf1d0, "1"), row("a", 0xff43, "2")], ["a countersign"]],
    ["another maker's 0xFF43 (Logitech)", [row("a", 0xff43, "1", 0x0202)], []],
    ["a keyboard", [row("a", 0x0001, "1", 6)], []],
    ["listed twice", [row("a", 0xff43, "1"), row("a", 0xff43, "1")], ["a countersign"]],
  ])("%s", (_name, rows, expected) => {
    expect(kindsOf(rows)).toEqual(expected);
  });

  test("threat 18: a device with the ids and serial of a FIDO2 key does not hide it from another port", () => {
    expect(kindsOf([row("key", 0xf1d0, "usb1"), row("thief", 0xff43, "usb2"), row("thief2", 0xf1d0, "usb2")])).toEqual([
      "thief countersign",
      "key fido2",
    ]);
  });

  test("an interface without a path cannot be opened and is passed over", () => {
    const { path: _path, ...rest } = row("a", 0xff43, "1");
    expect(kindsOf([rest])).toEqual([]);
  });
});
