import { COUNTERSIGN_USAGE_PAGE } from "@countersign/key-protocol";
import { describe, expect, test } from "@jest/globals";
import { testBackendContract } from "./testing/backend-contract.ts";
import { FakeUhid } from "./testing/fake-uhid.ts";
import { reportDescriptor } from "./report-descriptor.ts";
import { UhidBackend } from "./uhid-backend.ts";
import type { UhidDevice } from "./uhid-event.ts";

const DEVICE: UhidDevice = {
  ...{ name: "Countersign emulator", phys: "countersign/1", uniq: "EMU-0001" },
  ...{ vendor: 0x1209, product: 1, version: 0x100 },
  descriptor: reportDescriptor(COUNTERSIGN_USAGE_PAGE),
};

testBackendContract("uhid", () => {
  const kernel = new FakeUhid();
  return {
    connect: (onReport) => new UhidBackend(DEVICE, onReport, kernel.open),
    open: () => Promise.resolve(kernel.openHost()),
  };
});

describe("uhid", () => {
  test.each([
    [13, 14],
    [9, 10],
  ] as const)(
    "a request of type %i on the control pipe is refused with EIO, and reports still pass",
    async (asked, answer) => {
      const kernel = new FakeUhid();
      const heard = Promise.withResolvers<Uint8Array>();
      const backend = new UhidBackend(DEVICE, heard.resolve, kernel.open);
      await backend.plug();
      const host = kernel.openHost();
      kernel.askControl(asked, 77);
      await host.write(new Uint8Array(64).fill(5));
      expect(await heard.promise).toEqual(new Uint8Array(64).fill(5));
      await backend.unplug();
      expect(kernel.answers).toEqual([[answer, 77, 5]]);
    },
  );

  test("D10: 100 replugs leave no file open", async () => {
    const kernel = new FakeUhid();
    const backend = new UhidBackend(DEVICE, () => undefined, kernel.open);
    for (let at = 0; at < 100; at += 1) {
      await backend.plug();
      expect(kernel.openFiles).toBe(1);
      await backend.unplug();
      expect(kernel.openFiles).toBe(0);
    }
  });

  test("a machine without uhid: the refusal is the kernel's, and the key can be plugged in later", async () => {
    const kernel = new FakeUhid();
    let isLoaded = false;
    const open = (path: string) => (isLoaded ? kernel.open(path) : Promise.reject(new Error("ENOENT /dev/uhid")));
    const backend = new UhidBackend(DEVICE, () => undefined, open);
    await expect(backend.plug()).rejects.toThrow("ENOENT /dev/uhid");
    isLoaded = true;
    await backend.plug();
    expect(kernel.openFiles).toBe(1);
    await backend.unplug();
  });

  test("a device that the kernel refuses leaves no file open", async () => {
    const kernel = new FakeUhid();
    const refusing = async (path: string) => ({
      ...(await kernel.open(path)),
      write: () => Promise.reject(new Error("EINVAL")),
    });
    const backend = new UhidBackend(DEVICE, () => undefined, refusing);
    await expect(backend.plug()).rejects.toThrow("EINVAL");
    expect(kernel.openFiles).toBe(0);
  });
});
