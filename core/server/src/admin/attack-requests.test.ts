// Well-formed nonsense to every RPC of administrators, with things in it that exist: nothing of it is a fault of the core's.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { status, type ServiceError } from "@grpc/grpc-js";
import { REQUESTS } from "@countersign/proto/wire-schema";
import fc from "fast-check";
import { adminKey, tokenKey } from "../identity/entity-key.ts";
import { openLog } from "../log.ts";
import { servicesOf } from "../services.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { AdminWorld, hashOf, type TestAdmin } from "../testing/admin-world.ts";
import { anyMessage } from "../testing/any-message.ts";
import { beginLogin } from "./login.ts";
import { bearer, endedBy, serveWorld, type ServedWorld } from "../testing/serve-world.ts";

let admins: AdminWorld;
let served: ServedWorld;
let callers: readonly TestAdmin[];
let known: string[] = [];
const log: string[] = [];
const doors = new Map<string, string | undefined>([["/countersign.admin.v1.AdminService/BeginLogin", undefined]]);

beforeAll(async () => {
  admins = await AdminWorld.open();
  const { world } = admins;
  const own = openLog("error", { write: (line) => void log.push(line) });
  served = await serveWorld(servicesOf({ ...world.given, log: own }));
  callers = [
    await admins.addAdmin("anna", "owner"),
    await admins.addAdmin("tina", "admin", world.tenantId),
    await admins.addAdmin("otto", "operator"),
  ];
  // Not their names: who is disabled or frozen asks for nothing more.
  const carl = await admins.addAdmin("carl", "auditor");
  const client = admins.client(served.address);
  const asked = await admins.request(client, callers[0] as TestAdmin, {
    $case: "resumeBot",
    value: { botId: world.botId },
  });
  client.close();
  const { txId } = await world.pending();
  const other = await admins.addTenant("Other Bank");
  const login = await beginLogin(world.given, { adminId: "anna", tokenSha256: hashOf("cs_admin_of-a-page") });
  if (isRefusal(login)) throw new Error(login.message);
  doors.set("/countersign.admin.v1.AdminService/FinishLogin", login.confirmationToken);
  const invited = newToken("cs_invite_", world.given.random);
  const invitation = { id: tokenId(invited), until: world.given.store.now() + 10_000_000_000 };
  const fresh = { adminId: "nina", role: "auditor", tenantId: "", state: "INVITED", claimed: false } as const;
  const nina = { ...fresh, createdAt: 0, tokens: { listed: [] }, invitation };
  await world.put(adminKey("nina"), nina);
  await world.put(tokenKey(invitation.id), { kind: "invitation", adminId: "nina" });
  doors.set("/countersign.admin.v1.AdminService/Claim", invited);
  const { appId } = await world.addApp(world.tenantId, "submit");
  ids.set("tenant_id", [world.tenantId]);
  ids.set("page_token", [""]);
  ids.set("cursor", [""]);
  ids.set("text", ["", "user"]);
  ids.set("event", ["", "user"]);
  ids.set("subject", [`user:${world.userId}`, ""]);
  ids.set("actor", [""]);
  for (const prefix of ["user_id_prefix", "transaction_id_prefix", "tag", "token_sha256"]) ids.set(prefix, [""]);
  ids.set("user_id", [world.userId, "carl", "nobody"]);
  ids.set("key_id", [world.key.keyId, carl.key.keyId]);
  ids.set("link_id", [world.linkId]);
  ids.set("bot_id", [world.botId]);
  ids.set("app_id", [appId]);
  ids.set("admin_id", ["carl", "nobody"]);
  ids.set("transaction_id", [txId]);
  ids.set("change_id", [asked.change?.changeId ?? ""]);
  ids.set("locale", ["en", ""]);
  ids.set("platform", ["telegram", "", "mail"]);
  ids.set(
    "request_id",
    Array.from({ length: 50 }, (_, i) => `r${i}`),
  );
  ids.set("name", ["shop", "a-b"]);
  ids.set("fingerprint", ["0123456789ABCDEF"]);
  known = [
    ...[world.tenantId, other, "0".repeat(31) + "1", "carl", carl.key.keyId, world.key.keyId, world.userId],
    ...[world.botId, world.linkId, appId, txId, asked.change?.changeId ?? "", asked.transaction?.transactionId ?? ""],
  ];
});
afterAll(() => served.close());

const HOSTILE = [
  ...[
    "",
    "x".repeat(300),
    "__proto__",
    "constructor",
    "\u202e",
    "a  b",
    "ﬀ",
    "e\u0301",
    "\u0000",
    "%",
    "_",
    "'",
    '"',
    "*",
  ],
  ...[
    '") OR 1=1 --',
    "NEAR(",
    "a AND",
    "-",
    "../../etc/passwd",
    "telegram",
    "sandbox",
    "en",
    "change.applied",
    "user:",
  ],
  ...[
    "user:erika",
    "transaction:",
    "token:",
    "0".repeat(32),
    "f".repeat(32),
    "F".repeat(64),
    "0".repeat(64),
    "{}",
    "[]",
  ],
  ...[
    "null",
    '{"tries":3}',
    '{"tries":1e999}',
    '{"__proto__":{"tries":1}}',
    '{"lifetimeSeconds":-1}',
    '{"approvers":[{}]}',
  ],
  ...[
    '{"adminApprovals":{"low":0}}',
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    `{"modes":${"[".repeat(3000)}${"]".repeat(3000)}}`,
  ],
  ...["dDEuOTk5OTk5OTk5OTk5OTk5OQ", "YTEu", "eDEu"],
];
const ids = new Map<string, readonly string[]>();
const anything = fc.oneof(
  fc.nat().map((i) => known[i % known.length] ?? ""),
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "grapheme", maxLength: 40 }),
);
/** Mostly what there is under that name, so that requests get beyond the first look-up. */
const texts = (field: string): fc.Arbitrary<string> => {
  const own = fc.nat().map((i) => {
    const all = ids.get(field) ?? [""];
    return all[i % all.length] ?? "";
  });
  if (field === "document_json") return fc.constantFrom(...HOSTILE.filter((one) => /^[{[n]/.test(one)));
  return fc.oneof({ arbitrary: own, weight: 5 }, { arbitrary: anything, weight: 1 });
};

const PATHS = Object.keys(REQUESTS).filter((path) => path.startsWith("/countersign.admin.v1."));
/** By what an RPC that is not for who is logged in is opened. */
const opensBy = (path: string, token: string): string | undefined => (doors.has(path) ? doors.get(path) : token);
const STREAMS = /\/(Tail|Export|WatchOwnLink|Listen)$/;
const requests = new Map(PATHS.map((path) => [path, anyMessage(REQUESTS[path] ?? "", texts)]));
const anyCall = fc.constantFrom(...PATHS).chain((path) =>
  fc.record({
    path: fc.constant(path),
    who: fc.nat({ max: 2 }),
    request: requests.get(path) ?? fc.constant(new Uint8Array()),
  }),
);

/** A stream is left after the first message. */
function begin(path: string, request: Uint8Array, token: string): Promise<{ code: number; message: string }> {
  return new Promise((resolve) => {
    const stream = served.client().makeServerStreamRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => new Uint8Array(bytes),
      request,
      bearer(token),
      { deadline: Date.now() + 60_000 },
    );
    stream.on("data", () => {
      resolve({ code: 0, message: "" });
      stream.cancel();
    });
    stream.on("end", () => resolve({ code: 0, message: "" }));
    stream.on("error", (error: ServiceError) => resolve(endedBy(error)));
  });
}

const NEVER: readonly number[] = [
  status.INTERNAL,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.DATA_LOSS,
];

test("threat 19: no well-formed nonsense is INTERNAL, UNKNOWN or unanswered, whoever of them sends it", async () => {
  const failed = new Map<string, string>();
  const done = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ path, who, request }) => {
      const token = callers[who]?.token ?? "";
      admins.world.clock.advance(60_000);
      const { code, message } = STREAMS.test(path)
        ? await begin(path, request, token)
        : await served.call(path, request, opensBy(path, token));
      if (code === 0) done.add(path);
      if (NEVER.includes(code)) failed.set(path, `${code} ${message} ${Buffer.from(request).toString("hex")}`);
    }),
    { numRuns: 700 },
  );
  expect([...failed]).toEqual([]);
  // Else all of it was refused at the door.
  expect(done.size).toBeGreaterThan(PATHS.length / 3);
  expect(log.filter((line) => line.includes("unexpected error"))).toEqual([]);
});
