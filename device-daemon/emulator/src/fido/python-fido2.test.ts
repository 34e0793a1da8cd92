import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { pythonFido2Present, runSuite } from "../testing/python-fido2.ts";

const peerTest = testWith("python-fido2", pythonFido2Present);
const folder = tempFolder();

function fresh(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function both(name: string): string[] {
  return ["PinProtocolV1", "PinProtocolV2"].map((protocol) => name.replace("*", protocol));
}

/** Cases of python-fido2 2.2.0's tests/device that this key must pass. One that is missing is a step back. */
const PASSING: readonly string[] = [
  "test_client.py::test_exclude_credentials_single",
  "test_client.py::test_exclude_credentials_multiple",
  "test_client.py::test_exclude_credentials_max",
  "test_client.py::test_exclude_credentials_others",
  "test_client.py::test_allow_credentials_empty",
  "test_client.py::test_allow_credentials_single",
  "test_client.py::test_allow_credentials_multiple",
  "test_client.py::test_allow_credentials_ineligible",
  ...both("test_clientpin.py::test_pin_validation[*]"),
  ...both("test_clientpin.py::test_change_pin[*]"),
  ...both("test_clientpin.py::test_set_and_reset[*]"),
  ...both("test_config.py::test_always_uv[*]"),
  ...both("test_config.py::test_force_pin_change[*]"),
  ...both("test_config.py::test_min_pin_length[*]"),
  "test_credblob.py::test_read_write",
  ...both("test_credentials.py::test_make_assert[*-ES256]"),
  ...both("test_credman.py::test_list_and_delete[*-ES256]"),
  ...both("test_credman.py::test_update[*]"),
  ...both("test_credman.py::test_missing_permissions[*]"),
  ...both("test_credman.py::test_read_only_management[*]"),
  "test_hid.py::test_ping",
  "test_info.py::test_get_info_fields",
  "test_info.py::test_enc_identifier_changes",
  ...both("test_largeblobs.py::test_read_write[*]"),
  ...both("test_largeblobs.py::test_invalid_checksum[*]"),
  ...both("test_largeblobs.py::test_size_bounds[*]"),
  ...both("test_largeblobs.py::test_missing_permissions[*]"),
  ...both("test_largeblobs.py::test_large_blob_key[*]"),
];

/** Cases that ask for what this key does not have, by the suite's own word. */
const NOT_FOR_THIS_KEY: Readonly<Record<string, number>> = {
  "Algorithm EdDSA not supported": 4,
  "Algorithm ES384 not supported": 4,
  "Algorithm ES512 not supported": 4,
  "Algorithm PS256 not supported": 4,
  "Algorithm RS256 not supported": 4,
  "Algorithm ES256K not supported": 4,
  "BioEnrollment not supported by authenticator": 3,
  "Enterprise Attestation not supported": 2,
  "hmac-secret not supported by authenticator": 6,
  "previewSign not supported by authenticator": 273,
  "thirdPartyPayment not supported by authenticator": 2,
};

const KEYS: Readonly<Record<string, readonly string[]>> = {
  "a plain FIDO2 key": ["--profile", "fido2"],
  "a full key with display": ["--profile", "full"],
  "a key with a display of 16x2": ["--profile", "full", "--display", "16x2"],
};

describe("python-fido2's own device tests", () => {
  for (const [name, flags] of Object.entries(KEYS)) {
    peerTest(
      `${name} passes each case that is pinned`,
      async () => {
        const { passed, failed, skipped, output } = await runSuite("device tests of python-fido2", fresh(name), flags);
        expect({ failed, said: saidIf(failed, passed, output) }).toEqual({ failed: [], said: "" });
        expect(passed.toSorted()).toEqual(PASSING.toSorted());
        expect(skipped).toEqual(NOT_FOR_THIS_KEY);
      },
      660_000,
    );
  }
});

/** Cases in testing/test_countersign_key.py. */
const OUR_CASES = 28;
const NO_FINGER = { "this key has no finger sensor": 3 };
const NEEDS_UV = { "a key that verifies keeps no credential without it": 2 };

const HOSTED = [
  { name: "plain", flags: [], env: {}, unfit: NO_FINGER },
  { name: "finger", flags: ["--finger", "on"], env: { COUNTERSIGN_FINGER: "on" }, unfit: NEEDS_UV },
  {
    name: "self-attested",
    flags: ["--fido-attestation", "self"],
    env: { COUNTERSIGN_ATTESTATION: "self" },
    unfit: NO_FINGER,
  },
] as const;

describe("python-fido2 as a host, in cases of our own", () => {
  for (const { name, flags, env, unfit } of HOSTED) {
    peerTest(
      `a ${name} key passes all`,
      async () => {
        const outcome = await runSuite("our own", fresh(name), ["--profile", "fido2", ...flags], { ...env });
        const { passed, failed, skipped, output } = outcome;
        expect({ failed, said: saidIf(failed, passed, output) }).toEqual({ failed: [], said: "" });
        expect(skipped).toEqual(unfit);
        expect(passed).toHaveLength(OUR_CASES - Object.values(unfit).reduce((all, count) => all + count, 0));
      },
      660_000,
    );
  }
});

function saidIf(failed: readonly string[], passed: readonly string[], output: string): string {
  return failed.length > 0 || passed.length === 0 ? output.slice(-8000) : "";
}
