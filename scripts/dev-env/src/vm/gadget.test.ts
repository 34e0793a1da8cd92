// The key as a USB device: two interfaces of one device on a bus with flow control, as a real one has them.
import { tempFolder, testWith } from "@countersign/testing";
import { expectPassed } from "./expect-guest.ts";
import { GADGET, hasTier, runGuestTwice } from "./guest-run.ts";

const peerTest = testWith("usb-gadget", hasTier(GADGET));
const folder = tempFolder();

peerTest(
  "claim 01, D10, D14: core, daemon, key and client in a virtual machine, over USB",
  async () => {
    expectPassed(await runGuestTwice(GADGET, "gadget-main", folder), [
      "the key is enrolled and the phone linked over node-hid and USB",
      "both interfaces are hidraw devices of one USB device",
      "the udev rule tags the vendor interface for who sits at the PC",
      "claim 01: a payment is confirmed end to end over USB and executed once",
      "fido2-token -L lists the FIDO interface and not the vendor's",
      "claim 01: unplugged in the middle it is exit 14 and nothing is executed",
      "D10: a key that is plugged in is there within 2 s",
      "D10: 20 replugs leak no descriptor",
      "D10: after all that the key confirms again",
      "every round trip of a report is answered",
    ]);
  },
  3_600_000,
);
