// A key that the kernel made, met by the real daemon through node-hid: docs/how-to/test-with-a-kernel-device.md.
import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { expectPassed } from "./expect-guest.ts";
import { hasTier, runGuestTwice, UHID } from "./guest-run.ts";

const peerTest = testWith("qemu", hasTier(UHID));
const folder = tempFolder();

peerTest(
  "claim 01, D10, D14: core, daemon, key and client in a virtual machine, over hidraw",
  async () => {
    const run = await runGuestTwice(UHID, "uhid-main", folder);
    expectPassed(run, [
      "the key is enrolled and the phone linked over node-hid",
      "both interfaces are hidraw devices of the kernel",
      "claim 01: a payment is confirmed end to end and executed once",
      "fido2-token -L lists the FIDO interface and not the vendor's",
      "claim 01: unplugged in the middle it is exit 14 and nothing is executed",
      "D10: a key that is plugged in is there within 2 s",
      "D10: 100 replugs leak no descriptor",
      "D14: who may not open the key is told PERMISSION_DENIED and the udev rule",
      "D14: once he may, the same daemon has the key",
      "D10: after all that the key confirms again",
      "every round trip of a report is answered",
    ]);
    expect(run.figures.length).toBeGreaterThan(0);
  },
  3_600_000,
);
