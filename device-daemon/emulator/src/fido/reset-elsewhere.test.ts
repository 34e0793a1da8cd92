import { expect, test } from "@jest/globals";
import { CtapCommand, CtapStatus, encodeCtapRequest, encodeGetAssertion, Subcommand } from "@countersign/key-protocol";
import type { Bench } from "../testing/bench.ts";
import { creation, FidoBench, HASH, keptCreation, proofOf, RP } from "../testing/fido-bench.ts";
import { Permission } from "./permission.ts";

// A reset by command 0x59 wipes FIDO too, behind the back of what FIDO holds in memory.

function resetElsewhere(bench: Bench): void {
  bench.port = "vendor";
  bench.request(bench.open(), { subcommand: Subcommand.RESET });
  bench.press("ok", "ok", "ok");
  expect(bench.answer().status).toBe(0);
  bench.port = "fido";
}

test("a token from before the reset verifies nobody after it", () => {
  const host = new FidoBench();
  host.setPin("1234");
  const token = host.token("1234", Permission.MAKE_CREDENTIAL);
  resetElsewhere(host.bench);
  const { status } = host.touched(creation({ auth: proofOf(token) }));
  expect(status).toBe(CtapStatus.PIN_AUTH_INVALID);
});

test("what was granted before the reset signs nothing after it", () => {
  const host = new FidoBench();
  for (const user of [1, 2]) expect(host.touched(keptCreation(user)).status).toBe(CtapStatus.OK);
  const asked = encodeGetAssertion({ rpId: RP, clientDataHash: HASH, allow: [] });
  expect(host.touched(asked).status).toBe(CtapStatus.OK);
  resetElsewhere(host.bench);
  expect(host.ask(encodeCtapRequest(CtapCommand.GET_NEXT_ASSERTION)).status).toBe(CtapStatus.NOT_ALLOWED);
});

test("three wrong PINs before the reset do not lock the PIN after it", () => {
  const host = new FidoBench();
  host.setPin("1234");
  for (let wrong = 0; wrong < 3; wrong++) host.token("9999");
  resetElsewhere(host.bench);
  host.setPin("1234");
  expect(host.token("1234")).toBeInstanceOf(Uint8Array);
});
