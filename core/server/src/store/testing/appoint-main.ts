// For tests: writes an administrator into a store that no core runs on, and his token into a file. The way to become one is
// another: docs/decisions/0024-nobody-above-the-rules.md. `--data DIR --secrets DIR --name NAME --role ROLE --out FILE`.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ROLES, type Admin } from "../../admin/admin.ts";
import { ADMINS } from "../../admin/change-directory.ts";
import { adminKey, tokenKey, userKey } from "../../identity/entity-key.ts";
import { openLog } from "../../log.ts";
import { openStorage } from "../../open-storage.ts";
import { newToken, tokenId } from "../../rpc/token.ts";
import type { User } from "../../identity/user.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, shardOfKey } from "../entity.ts";
import type { AnyWrite } from "../store.ts";

const text = { type: "string", default: "" } as const;
const { values } = parseArgs({ options: { data: text, secrets: text, name: text, role: text, out: text } });
const role = ROLES.find((one) => one === values.role);
if (role === undefined) throw new Error(`--role: one of ${ROLES.join(", ")}`);
const { data, secrets, name: adminId, out } = values;
const storage = { createShared: false, log: openLog("warn") };
const { store } = await openStorage({ data, store: undefined, secrets, development: true }, storage);
const token = newToken("cs_admin_", { bytes: (length) => new Uint8Array(randomBytes(length)) });
const tokens = { listed: [{ id: tokenId(token), issuedAt: store.now() }] };
const admin: Admin = { adminId, role, tenantId: "", state: "ACTIVE", createdAt: store.now(), tokens, claimed: true };
await put({ key: adminKey(adminId), expected: "", body: admin, index: { owner: ADMINS, sort: admin.createdAt } });
const user: User = {
  ...{ tenantId: ADMINISTRATION, userId: adminId, state: "ACTIVE", phrase: "", locale: "en", createdAt: store.now() },
  ...{ keyIds: [], linkIds: [], open: [], prompts: [], wrongInARow: 0, thaw: undefined, thaws: [] },
};
await put({ key: userKey(ADMINISTRATION, adminId), expected: "", body: user });
await put({ key: tokenKey(tokenId(token)), expected: "", body: { kind: "admin", adminId } });
writeFileSync(out, `${token}\n`, { mode: 0o600 });
await store.close();

async function put(write: AnyWrite): Promise<void> {
  const shard = write.key.type === "user" ? ADMINISTRATION_SHARD : shardOfKey(write.key);
  const { epoch } = await store.load(shard, write.key);
  const subject = `${write.key.type}:${write.key.id}`;
  const audit = [{ event: "test.appointed", tenant: "", actor: "core", subject, detail: {} }] as const;
  const changeId = randomBytes(16).toString("hex");
  const outcome = await store.commit(shard, { changeId, epoch, writes: [write], audit });
  if (outcome !== "committed") throw new Error(`the store answered ${outcome}`);
}
