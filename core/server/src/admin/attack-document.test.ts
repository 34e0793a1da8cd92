// Documents as large as a request may be, whose every member is wrong.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AdminServiceSimulatePolicyRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { status } from "@grpc/grpc-js";
import { ServedAdmins } from "../testing/admin-world.ts";
import type { Ended } from "../testing/serve-world.ts";

let world: ServedAdmins;
beforeAll(async () => {
  world = await ServedAdmins.open();
});
afterAll(() => world.close());

function simulate(documentJson: string): Promise<Ended> {
  const request = AdminServiceSimulatePolicyRequest.create({ tenantId: world.admins.world.tenantId, documentJson });
  const bytes = AdminServiceSimulatePolicyRequest.encode(request).finish();
  return world.served.call("/countersign.admin.v1.AdminService/SimulatePolicy", bytes, world.anna.token);
}

/** Just below 64 KiB. */
const MOST = 64_000;
const many = (one: string): string =>
  `[${Array.from({ length: Math.floor(MOST / (one.length + 1)) }, () => one).join()}]`;

test.each([
  ["rules without members", `{"approvers":${many("{}")}}`],
  ["rules that hold", `{"approvers":${many('{"users":["a"],"needed":1}')}}`],
  ["modes that there are not", `{"modes":${many('"x"')}}`],
  ["certificates that are none", `{"fidoRoots":${many('"x"')}}`],
  ["models", `{"keyModels":${many('""')}}`],
  ["limits", `{"highValue":${many("{}")}}`],
  ["keys", `{"attestationKeys":${many("{}")}}`],
  ["origins", `{"webauthn":{"origins":${many('"x"')}}}`],
  ["members that there are not", `{${Array.from({ length: 5000 }, (_, i) => `"a${i}":1`).join()}}`],
  ["one list in another", `{"modes":${"[".repeat(MOST / 2)}${"]".repeat(MOST / 2)}}`],
])("threat 19: %s are refused by name, in few words", async (_what, text) => {
  const { code, message, reason, details } = await simulate(text);
  expect([code, reason]).toEqual([status.INVALID_ARGUMENT, "BAD_INPUT"]);
  expect(message.length + details.length).toBeLessThan(8192);
});

/** As long as a list may be. */
const WRONG = `[${Array.from({ length: 64 }, () => '"x"').join()}]`;

test("what is wrong in many places is told as far as a header goes, and then counted", async () => {
  const lists = ["modes", "channels", "kinds", "keyModels", "fidoModels", "fidoRoots", "attestationKeys", "highValue"];
  const ended = await simulate(`{${lists.map((name) => `"${name}":${WRONG}`).join()}}`);
  expect([ended.code, ended.reason]).toEqual([status.INVALID_ARGUMENT, "BAD_INPUT"]);
  expect(ended.message).toMatch(/^document_json: [^]* …$/);
  expect(Buffer.from(ended.details).toString("latin1")).toMatch(/is wrong as well: \d{3} more/);
  expect(Buffer.from(ended.details).toString("base64").length + ended.message.length).toBeLessThan(8192);
  // The connection, and every other call on it, goes on.
  expect((await simulate("{}")).code).toBe(status.OK);
});
