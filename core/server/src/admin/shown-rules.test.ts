// What keys show of a change of the rules, on a core that has not heard yet what another one wrote.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AdminServiceRequestChangeRequest } from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { directoryOf } from "../identity/directory.ts";
import { tenantKey } from "../identity/entity-key.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfKey } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { requestChange } from "./request-change.ts";

let world: ServedAdmins;
beforeEach(async () => {
  world = await ServedAdmins.open();
});
afterEach(() => world.close());

/** A core that other cores' hints do not reach. */
function deaf(given: CoreGiven): CoreGiven {
  const store = new Proxy(given.store, {
    get: (of, name) => {
      if (name === "subscribe") return () => () => undefined;
      const member: unknown = Reflect.get(of, name);
      return typeof member === "function" ? (member as () => unknown).bind(of) : member;
    },
  });
  return { ...given, store };
}

test("the lines tell all that becomes other, and as many are asked as the rules in force say", async () => {
  const { given, tenantId, commit } = bound();
  const core = deaf(given);
  const key = tenantKey(tenantId);
  await directoryOf(core.store).get(key);
  // Another core makes the rules stricter, which this one has not heard yet.
  const { entities } = await given.store.load(shardOfKey(key), key);
  const [{ version: expected, body: before }] = entities;
  const policy = parsePolicy({ tries: 1, adminApprovals: { low: 1, medium: 1, high: 3 } });
  if (before === undefined) throw new Error("no tenant");
  await commit(shardOfKey(key), [{ key, expected, body: { ...before, policy, policyVersion: 2 } }]);

  const loose = { tries: 3, digits: 7, adminApprovals: { low: 1, medium: 1, high: 3 } };
  const value = { documentJson: JSON.stringify(loose), expectedVersion: 2 };
  const request = { requestId: "r", tenantId, action: { what: { $case: "setPolicy", value } } } as const;
  const caller: AdminCaller = { kind: "admin", adminId: "anna", role: "owner", tenantId: "" };
  const asked = await requestChange(core, caller, AdminServiceRequestChangeRequest.create(request));
  if (isRefusal(asked)) throw new Error(asked.message);
  const shown = asked.change.fields.map(({ value: of }) => (of.type === "text" ? of.text : ""));
  expect(shown).toContain("tries: 1 to 3");
  expect(asked.change.needed).toBe(3);
});

function bound() {
  const { world: core } = world.admins;
  return { given: core.given, tenantId: core.tenantId, commit: core.commit.bind(core) };
}
