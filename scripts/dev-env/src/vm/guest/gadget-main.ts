// Runs in the guest with dummy_hcd: the key is a USB device with two interfaces on a bus of the kernel, with flow control.
import { mkdirSync } from "node:fs";
import { Checks, ensure } from "./checks.ts";
import { bothInterfaces, confirmOne, detection, listTokens, replugs, unplugAtPages } from "./desk-checks.ts";
import { GADGET_FOLDER, makeGadget, udevTagsOf, usbSerial } from "./gadget.ts";
import { startGuestDesk, type GuestDesk } from "./guest-desk.ts";
import { untilHidraws } from "./hidraw.ts";
import { measureRoundTrips } from "./round-trip.ts";

const checks = new Checks();
const folder = "/tmp/c";
mkdirSync(folder, { mode: 0o700 });
await makeGadget("EMU-VM01");

const at = await checks.check("the key is enrolled and the phone linked over node-hid and USB", () =>
  startGuestDesk(folder, {
    key: ["--hidg", "/dev/hidg1", "--fido-hidg", "/dev/hidg0", "--gadget", GADGET_FOLDER],
    daemon: ["--hid"],
  }),
);
if (at !== undefined) await all(at);
console.log("END");
process.exit(0);

async function all(desk: GuestDesk): Promise<void> {
  await checks.check("both interfaces are hidraw devices of one USB device", async () => {
    await bothInterfaces();
    ensure(usbSerial() === "EMU-VM01", usbSerial());
  });
  await checks.check("the udev rule tags the vendor interface for who sits at the PC", async () => {
    const vendor = (await untilHidraws(2)).find(({ usagePage }) => usagePage === 0xff43)?.path ?? "";
    const tags = await udevTagsOf(vendor);
    ensure(tags.split(":").includes("uaccess"), tags);
  });
  await checks.check("claim 01: a payment is confirmed end to end over USB and executed once", () =>
    confirmOne(checks, desk),
  );
  await checks.check("fido2-token -L lists the FIDO interface and not the vendor's", listTokens);
  await checks.check("claim 01: unplugged in the middle it is exit 14 and nothing is executed", () =>
    unplugAtPages(checks, desk),
  );
  await checks.check("D10: a key that is plugged in is there within 2 s", () => detection(checks, desk));
  await checks.check("D10: 20 replugs leak no descriptor", () => replugs(desk, 20));
  await checks.check("D10: after all that the key confirms again", () => confirmOne(checks, desk));
  await checks.check("every round trip of a report is answered", () => measureRoundTrips(checks, "USB", folder));
}
