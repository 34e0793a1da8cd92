// libfido2 as the host: its tools meet our FIDO2 key, and a key that is not ours, as devices of a kernel.
import { tempFolder, testWith } from "@countersign/testing";
import { expectPassed } from "./expect-guest.ts";
import { hasTier, runGuestTwice, UHID_AND_FOREIGN_KEY } from "./guest-run.ts";

const peerTest = testWith("foreign-key", hasTier(UHID_AND_FOREIGN_KEY));
const folder = tempFolder();

peerTest(
  "libfido2 registers and signs in with our key over hidraw, by touch and by PIN",
  async () => {
    expectPassed(await runGuestTwice(UHID_AND_FOREIGN_KEY, "fido-main", folder), [
      "fido2-token -L and -I: our key, without a PIN",
      "fido2-cred and fido2-assert: our key, by touch",
      "fido2-token -S: our key takes its PIN",
      "fido2-cred and fido2-assert: our key, by touch and PIN",
      "fido2-cred: our key refuses a wrong PIN and counts it",
      "fido2-cred and fido2-assert: a foreign key works in this machine",
    ]);
  },
  3_600_000,
);

peerTest(
  "claim 01: a FIDO2 key of another hand is enrolled and confirms a payment through our daemon over hidraw",
  async () => {
    expectPassed(await runGuestTwice(UHID_AND_FOREIGN_KEY, "foreign-main", folder), [
      "a user with a Countersign key",
      "the daemon tells the foreign key beside ours",
      "countersign key set-pin: the foreign key takes a PIN from our daemon",
      "countersign key enrol --fido: confirmed on the key that the user has",
      "a payment that a key with a display can confirm is not asked of it",
      "countersign key revoke: the old key is gone, the foreign one is left",
      "claim 01: the foreign key confirms a payment, executed once, with a receipt that verifies",
      "three wrong codes lock the payment, and nothing is executed",
    ]);
  },
  3_600_000,
);
