import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { gadgetPort } from "./gadget-port.ts";
import { HidgBackend } from "./hidg-backend.ts";
import { testBackendContract } from "./testing/backend-contract.ts";
import { FakeGadget } from "./testing/fake-gadget.ts";

const folder = tempFolder();

testBackendContract("gadget", () => {
  const kernel = new FakeGadget();
  return {
    connect: (onReport) => new HidgBackend({ path: kernel.path, port: kernel }, onReport, kernel.open),
    open: () => Promise.resolve(kernel.openHost()),
  };
});

test("the first interface plugs the gadget in, the last one pulls it out", () => {
  const file = join(folder, "UDC");
  const udc = (): string => readFileSync(file, "utf8");
  const controllers = join(folder, "udc");
  mkdirSync(join(controllers, "dummy_udc.0"), { recursive: true });
  writeFileSync(file, "\n");
  const port = gadgetPort(folder, controllers);
  port.bind();
  expect(udc()).toBe("dummy_udc.0");
  port.bind();
  port.unbind();
  expect(udc()).toBe("dummy_udc.0");
  port.unbind();
  expect(udc()).toBe("\n");
});

test("a machine without a USB device controller says so", () => {
  const empty = join(folder, "none");
  mkdirSync(empty);
  writeFileSync(join(folder, "UDC"), "\n");
  expect(() => gadgetPort(folder, empty).bind()).toThrow("no USB device controller");
});
