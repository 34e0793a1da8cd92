// Runs in the guest with uhid: the key is two devices of the kernel, everything else is the product.
import { mkdirSync } from "node:fs";
import { Checks } from "./checks.ts";
import { bothInterfaces, confirmOne, detection, listTokens, replugs, unplugAtPages } from "./desk-checks.ts";
import { startGuestDesk, type GuestDesk } from "./guest-desk.ts";
import { permission } from "./permission.ts";
import { measureRoundTrips } from "./round-trip.ts";

const checks = new Checks();
const folder = "/tmp/c";
mkdirSync(folder, { mode: 0o700 });

const at = await checks.check("the key is enrolled and the phone linked over node-hid", () =>
  startGuestDesk(folder, { key: ["--uhid"], daemon: ["--hid"] }),
);
if (at !== undefined) await all(at);
console.log("END");
process.exit(0);

async function all(desk: GuestDesk): Promise<void> {
  await checks.check("both interfaces are hidraw devices of the kernel", bothInterfaces);
  await checks.check("claim 01: a payment is confirmed end to end and executed once", () => confirmOne(checks, desk));
  await checks.check("fido2-token -L lists the FIDO interface and not the vendor's", listTokens);
  await checks.check("claim 01: unplugged in the middle it is exit 14 and nothing is executed", () =>
    unplugAtPages(checks, desk),
  );
  await checks.check("D10: a key that is plugged in is there within 2 s", () => detection(checks, desk));
  await checks.check("D10: 100 replugs leak no descriptor", () => replugs(desk, 100));
  await permission(checks, desk);
  await checks.check("D10: after all that the key confirms again", () => confirmOne(checks, desk));
  await checks.check("every round trip of a report is answered", () => measureRoundTrips(checks, "uhid", folder));
}
