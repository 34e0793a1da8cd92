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

describe("python-fido2's own device tests", () => {
  peerTest.each([
    ["a plain FIDO2 key", ["--profile", "fido2"]],
    ["a full key with display", ["--profile", "full"]],
    ["a key with a display of 16x2", ["--profile", "full", "--display", "16x2"]],
  ])(
    "%s passes each case that is pinned",
    async (name, flags) => {
      const { passed, failed, skipped, output } = await runSuite("device tests of python-fido2", fresh(name), flags);
      const said = failed.length > 0 || passed.length === 0 ? output.slice(-8000) : "";
      expect({ failed, said }).toEqual({ failed: [], said: "" });
      expect(passed.toSorted()).toEqual(PASSING.toSorted());
      expect(skipped).toEqual(NOT_FOR_THIS_KEY);
    },
    180_000,
  );
});

describe("python-fido2 as a host, in cases of our own", () => {
  peerTest.each([
    ["plain", ["--profile", "fido2"], {}, { "this key has no finger sensor": 3 }],
    [
      "finger",
      ["--profile", "fido2", "--finger", "on"],
      { COUNTERSIGN_FINGER: "on" },
      { "a key that verifies keeps no credential without it": 2 },
    ],
    [
      "self-attested",
      ["--profile", "fido2", "--fido-attestation", "self"],
      { COUNTERSIGN_ATTESTATION: "self" },
      { "this key has no finger sensor": 3 },
    ],
  ])(
    "a %s key passes all",
    async (name, flags, env, unfit) => {
      const { passed, failed, skipped, output } = await runSuite("our own", fresh(name), flags, env);
      const said = failed.length > 0 || passed.length === 0 ? output.slice(-8000) : "";
      expect({ failed, said }).toEqual({ failed: [], said: "" });
      expect(skipped).toEqual(unfit);
      expect(passed).toHaveLength(28 - Object.values(skipped).reduce((all, count) => all + count, 0));
    },
    120_000,
  );
});
