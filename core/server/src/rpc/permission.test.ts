import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Kind } from "@countersign/protocol";
import { status } from "@grpc/grpc-js";
import { REQUESTS } from "@countersign/proto/wire-schema";
import { adminKey, grantKey, tokenKey } from "../identity/entity-key.ts";
import { openLog } from "../log.ts";
import { servicesOf } from "../services.ts";
import { AdminWorld } from "../testing/admin-world.ts";
import type { CoreWorld } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import type { CallerKind } from "./caller.ts";
import { PERMISSION } from "./permission.ts";
import { derivedToken, newToken, tokenId } from "./token.ts";

const CORE = Object.keys(REQUESTS).filter((path) => !path.startsWith("/countersign.device."));
const ROLES = ["owner", "admin", "operator", "auditor"] as const;
const KINDS: readonly (CallerKind | "nobody")[] = [
  ...(["submit", "execute", "grant", "confirmation", "bot", "invitation", "nobody"] as const),
  ...ROLES,
];

const UNIMPLEMENTED: number = status.UNIMPLEMENTED;

/** What decides about a user over his head: for `submit` on a development core alone (docs/decisions/0010). */
const DECIDES = ["BeginEnrolment", "FinishEnrolment", "ConfirmFingerprint", "Revoke", "Suspend", "Reorder"];

/** Never for what may lie on a user's PC. */
const LOOSENS = ["BeginRecovery", "ApproveRecovery"];

/** Open to both scopes: what changes no right of anybody, or takes some away. */
const BOTH = ["Rename", "StopRecovery", "ListRecoveries"];

/** Of an administrator's RPCs by name: what stops, what asks for more than stopping. All others read, or are his own. */
const STOPS = /^(Disable|Pause|Revoke|Suspend|Freeze|Cancel|Requeue|Replay|SendTest$)/;
const ASKS = /^(Request|Approve|Reject|Create|Invite|Rotate|Resume|Remove|Trigger|Listen)/;

function mayAdmin(rpc: string, kind: CallerKind | "nobody"): boolean {
  if (rpc === "Claim") return kind === "invitation";
  // Who logs in has no token yet; he takes his session up with the one of the LOGIN that his key signed.
  if (rpc === "BeginLogin") return kind === "nobody";
  if (rpc === "FinishLogin") return kind === "confirmation";
  const role = ROLES.findIndex((one) => one === kind);
  if (role === -1) return false;
  if (ASKS.test(rpc)) return role <= 1;
  return STOPS.test(rpc) ? role <= 2 : true;
}

/** Who may call, by the table of design section 8, kept apart from the product's own table. */
function mayCall(path: string, kind: CallerKind | "nobody"): boolean {
  const [, service = "", rpc = ""] = path.split("/");
  const name = service.split(".").at(-1);
  if (service.startsWith("countersign.admin.")) return mayAdmin(rpc, kind);
  if (kind === "invitation" || ROLES.some((role) => role === kind)) return false;
  if (kind === "nobody") return name === "KeyService" && rpc === "FinishEnrolment";
  if (kind === "bot") return name === "ChannelService";
  if (kind === "execute")
    return name === "ExecutionService" || name === "ReceiptService" || [...DECIDES, ...LOOSENS, ...BOTH].includes(rpc);
  if (kind === "grant") return name === "TransactionService" && rpc === "Create";
  if (kind === "confirmation")
    return ["ConfirmationService", "VerificationService", "ReceiptService"].includes(name ?? "");
  if (LOOSENS.includes(rpc)) return false;
  return !["ConfirmationService", "ExecutionService", "ChannelService"].includes(name ?? "");
}

const log: string[] = [];
let served: ServedWorld;
let world: CoreWorld;
const tokens = new Map<string, string | undefined>([["nobody", undefined]]);

beforeAll(async () => {
  const admins = await AdminWorld.open();
  ({ world } = admins);
  const { tenantId, userId, botId, given } = world;
  for (const scope of ["submit", "execute"] as const) tokens.set(scope, (await world.addApp(tenantId, scope)).token);
  const bot = newToken("cs_bot_", given.random);
  await world.put(tokenKey(tokenId(bot)), { kind: "bot", tenantId, botId });
  tokens.set("bot", bot);
  const tenantOfRole = { owner: "", admin: tenantId, operator: tenantId, auditor: "" } as const;
  for (const role of ROLES) tokens.set(role, (await admins.addAdmin(role, role, tenantOfRole[role])).token);
  const invitation = newToken("cs_invite_", given.random);
  await world.put(tokenKey(tokenId(invitation)), { kind: "invitation", adminId: "new" });
  const until = given.store.now() + 60_000;
  await world.put(adminKey("new"), {
    ...{ adminId: "new", role: "auditor", tenantId: "", state: "INVITED", createdAt: 0, claimed: false },
    ...{ tokens: { listed: [] }, invitation: { id: tokenId(invitation), until } },
  });
  tokens.set("invitation", invitation);
  const grantId = "ee".repeat(16);
  await world.put(grantKey(grantId), {
    grantId,
    tenantId,
    userId,
    kinds: [Kind.PAY],
    until: given.store.now() + 60_000,
    usedBy: undefined,
  });
  tokens.set("grant", derivedToken(given.secrets, "grant", grantId));
  tokens.set("confirmation", (await world.create()).confirmationToken);
  served = await serveWorld(servicesOf({ ...given, log: openLog("debug", { write: (line) => void log.push(line) }) }));
});
afterAll(() => served.close());

test("every RPC of the core has a row, and no row is without an RPC", () => {
  expect(Object.keys(PERMISSION).toSorted()).toEqual(CORE.toSorted());
});

test("check 14: nothing that a user's PC may hold opens execution", () => {
  const execution = Object.entries(PERMISSION).filter(([path]) => path.includes("ExecutionService"));
  expect(new Set(execution.flatMap(([, callers]) => callers))).toEqual(new Set(["execute"]));
});

describe("every RPC × every caller, over the wire", () => {
  const cases = CORE.flatMap((path) => KINDS.map((kind) => [path, kind, mayCall(path, kind)] as const));
  test.each(cases)("%s by %s: %s", async (path, kind, allowed) => {
    log.length = 0;
    // A stream that is allowed has no end, or waits for who reads on; all else is answered, however long it takes.
    const deadline = allowed && isStream(path) ? 200 : 60_000;
    const { code, reason, message } = await served.call(path, new Uint8Array(), tokens.get(kind), deadline);
    // A stream of several messages is what the client itself calls so: it was admitted.
    const isMissing = code === UNIMPLEMENTED && !message.startsWith("Too many responses");
    expect(isMissing).toBe(false);
    // Of what a client is told, NOT_CONFIRMED says both "not yours to call" and "bad request": the log knows.
    expect(log.some((line) => line.includes("not admitted"))).toBe(!allowed);
    if (allowed) return;
    const client = kind === "grant" || kind === "confirmation";
    expect(reason).toBe(client ? "NOT_CONFIRMED" : kind === "nobody" ? "UNAUTHENTICATED" : "NOT_ALLOWED");
  });
});

/** Streams are called as unary here: whoever is admitted runs into another status, which is all that is asked. */
function isStream(path: string): boolean {
  return /\/(Watch|WatchLink|WatchOwnLink|ClaimNext|Attach|Tail|Export|Listen)$/.test(path);
}
