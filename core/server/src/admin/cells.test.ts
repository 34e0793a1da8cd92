// Every RPC of administrators × role × tenant: the intended cells pass, and what belongs to another tenant answers as what
// does not exist, byte for byte.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as proto from "@countersign/proto/node/admin/v1/admin_service";
import {
  AuditServiceExportRequest,
  AuditServiceExportResponse,
  AuditServiceListHeadsRequest,
  AuditServiceListRequest,
} from "@countersign/proto/node/admin/v1/audit_service";
import { REQUESTS } from "@countersign/proto/wire-schema";
import { fingerprintOf } from "@countersign/protocol";
import type { ServiceError } from "@grpc/grpc-js";
import { appKey, botKey } from "../identity/entity-key.ts";
import { ADMINISTRATION, shardOfKey, type HexId } from "../store/entity.ts";
import { hashOf, ServedAdmins } from "../testing/admin-world.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";
import { bearer, endedBy, type Ended } from "../testing/serve-world.ts";
import { ACTION_RULES } from "./action-rules.ts";
import type { Role } from "./admin.ts";

/** What a request may name. */
interface Ids {
  readonly tenantId: string;
  readonly appId: string;
  readonly botId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly fingerprint: string;
  readonly linkId: string;
  readonly transactionId: string;
  readonly changeId: string;
  readonly adminId: string;
}

type What = NonNullable<proto.Action["what"]>;
const hash = (): Buffer => hashOf(opened.draw("cs_app_"));
const holderOf = ({ appId }: Ids) => ({ $case: "appId", value: appId }) as const;

/** RPCs that name something of a tenant, with a request that a caller with a part in it passes with. */
const IN_TENANT: Readonly<Record<string, (ids: Ids) => object>> = {
  ListApps: ({ tenantId }) => ({ tenantId }),
  ListBots: ({ tenantId }) => ({ tenantId }),
  GetPolicy: ({ tenantId }) => ({ tenantId }),
  SimulatePolicy: ({ tenantId }) => ({ tenantId, documentJson: "{}" }),
  ListUsers: ({ tenantId }) => ({ tenantId }),
  ListAdmins: ({ tenantId }) => ({ tenantId }),
  ListChanges: ({ tenantId }) => ({ tenantId }),
  ListTransactions: ({ tenantId }) => ({ tenantId }),
  GetSummary: ({ tenantId }) => ({ tenantId }),
};
const OF_TENANT: typeof IN_TENANT = {
  ListKeys: ({ tenantId, userId }) => ({ tenantId, userId }),
  ListLinks: ({ tenantId, userId }) => ({ tenantId, userId }),
  GetTransaction: ({ tenantId, transactionId }) => ({ tenantId, transactionId }),
  ListDeliveries: ({ tenantId, userId }) => ({ tenantId, userId }),
  ExplainDelivery: ({ tenantId, userId }) => ({ tenantId, about: { $case: "userId", value: userId } }),
  SendTestMessage: ({ tenantId, botId }) => ({ tenantId, botId }),
  RequeueDelivery: ({ tenantId, transactionId, linkId }) => ({ tenantId, transactionId, linkId }),
  InviteUser: ({ tenantId, userId }) => ({ requestId: drawHexId(), tenantId, userId }),
  CancelTransaction: ({ tenantId, transactionId }) => ({ tenantId, transactionId, reason: "a test" }),
  RevokeToken: (ids) => ({ tenantId: ids.tenantId, holder: holderOf(ids) }),
  DisableApp: ({ tenantId, appId }) => ({ tenantId, appId }),
  PauseBot: ({ tenantId, botId }) => ({ tenantId, botId }),
  DisableBot: ({ tenantId, botId }) => ({ tenantId, botId }),
  RevokeLink: ({ tenantId, userId, linkId }) => ({ tenantId, userId, linkId }),
  RevokeKey: ({ tenantId, keyId }) => ({ tenantId, keyId }),
  FreezeUser: ({ tenantId, userId }) => ({ tenantId, userId }),
  SuspendUser: ({ tenantId, userId }) => ({ tenantId, userId }),
};
/** Found by an id alone, which says whose it is. */
const BY_ID: typeof IN_TENANT = {
  GetChange: ({ changeId }) => ({ changeId }),
  ApproveChange: ({ changeId }) => ({ requestId: drawHexId(), changeId }),
  RejectChange: ({ changeId }) => ({ changeId }),
  DisableAdmin: ({ adminId }) => ({ adminId }),
};
/** Told by other tests: of nobody's tenant, or making what was not there. */
const OWN = [
  "WhoAmI",
  "BeginLogin",
  "FinishLogin",
  "LogOut",
  "Claim",
  "BeginOwnEnrolment",
  "ConfirmOwnKey",
  "BeginOwnLink",
  "WatchOwnLink",
  "ListTenants",
];
const MAKES = ["RequestChange", "CreateUser"];

/** Kinds of changes: those in a tenant, and those of the installation, which take an owner. */
const IN_TENANT_ACTIONS: Readonly<Record<string, (ids: Ids) => What>> = {
  enableApp: ({ appId }) => ({ $case: "enableApp", value: { appId } }),
  enableBot: ({ botId }) => ({ $case: "enableBot", value: { botId } }),
  resumeBot: ({ botId }) => ({ $case: "resumeBot", value: { botId } }),
  addToken: (ids) => ({
    $case: "addToken",
    value: { holder: holderOf(ids), tokenSha256: hash(), overlap: undefined },
  }),
  resumeUser: ({ userId }) => ({ $case: "resumeUser", value: { userId } }),
  thawUser: ({ userId }) => ({ $case: "thawUser", value: { userId } }),
  recoverUser: ({ userId }) => ({ $case: "recoverUser", value: { userId, reason: "lost on a trip" } }),
  confirmKey: ({ keyId, fingerprint }) => ({ $case: "confirmKey", value: { keyId, fingerprint } }),
};
const MAKING_ACTIONS: typeof IN_TENANT_ACTIONS = {
  createApp: () => ({
    $case: "createApp",
    value: { name: name(), scope: proto.AppScope.SUBMIT, tokenSha256: hash() },
  }),
  createBot: () => ({ $case: "createBot", value: { name: name(), platform: "telegram", tokenSha256: hash() } }),
  setPolicy: () => ({ $case: "setPolicy", value: { documentJson: '{"tries":2}', expectedVersion: 1 } }),
};
const INSTALLATION_ACTIONS: typeof IN_TENANT_ACTIONS = {
  createTenant: () => ({ $case: "createTenant", value: { name: name(), issuer: name() } }),
  createAdmin: ({ tenantId }) => ({
    $case: "createAdmin",
    value: { adminId: name(), role: proto.Role.AUDITOR, tenantId, invitationSha256: hash() },
  }),
  enableAdmin: ({ adminId }) => ({ $case: "enableAdmin", value: { adminId } }),
  recoverAdmin: ({ adminId }) => ({ $case: "recoverAdmin", value: { adminId, invitationSha256: hash() } }),
};

let names = 0;
const name = (): string => `n${(names += 1)}`;

/** Callers: a role in the first tenant, or in all. */
const CALLERS: Readonly<Record<string, { readonly role: Role; readonly all: boolean }>> = {
  owner: { role: "owner", all: true },
  admin: { role: "admin", all: false },
  operator: { role: "operator", all: false },
  auditor: { role: "auditor", all: false },
  "operator of all": { role: "operator", all: true },
  "auditor of all": { role: "auditor", all: true },
};

const STOPS = /^(Disable|Pause|Revoke|Suspend|Freeze|Cancel|Requeue)/;
const ASKS = /^(Request|Approve|Reject|Create|Invite)/;

function mayCall(rpc: string, role: Role): boolean {
  if (ASKS.test(rpc)) return role === "owner" || role === "admin";
  return STOPS.test(rpc) ? role !== "auditor" : true;
}

let opened: ServedAdmins;
const tokens = new Map<string, string>();
let own: Ids;
let other: Ids;
let nothing: Ids;

beforeAll(async () => {
  opened = await ServedAdmins.open();
  const { admins } = opened;
  const { world } = admins;
  own = await furnish(world.tenantId, "karl");
  other = await furnish(await admins.addTenant("Other Bank"), "otto");
  for (const [caller, { role, all }] of Object.entries(CALLERS)) {
    const { token } = await admins.addAdmin(caller.replaceAll(" ", "-"), role, all ? "" : world.tenantId);
    tokens.set(caller, token);
  }
  const id = drawHexId();
  nothing = {
    ...{ tenantId: id, appId: id, botId: id, keyId: id, linkId: id, transactionId: id, changeId: id },
    ...{ userId: "nobody", adminId: "nobody", fingerprint: own.fingerprint },
  };
});
afterAll(() => opened.close());

/** A tenant with one of each. */
async function furnish(tenantId: HexId, userId: string): Promise<Ids> {
  const { admins, anna, client } = opened;
  const { world } = admins;
  const [appId, botId, key, linkId] = [drawHexId(), drawHexId(), newTestKey(), drawHexId()];
  const [app, bot] = [appKey(tenantId, appId), botKey(tenantId, botId)];
  const appBody = { appId, tenantId, name: name(), scope: "submit", disabled: false } as const;
  const botBody = { botId, tenantId, name: name(), platform: "sandbox", disabled: false, deepLink: "" } as const;
  const index = { owner: tenantId };
  await world.commit(shardOfKey(app), [{ key: app, expected: "", body: appBody, index }]);
  await world.commit(shardOfKey(bot), [{ key: bot, expected: "", body: botBody, index }]);
  await world.addUser({ tenantId, userId }, key, linkId);
  const transactionId = (await world.pending({ tenantId, userId })).txId;
  const resume = { $case: "resumeBot", value: { botId } } as const;
  const changeId = (await admins.request(client, anna, resume, tenantId)).change?.changeId ?? "";
  const { adminId } = await admins.addAdmin(`admin-of-${userId}`, "auditor", tenantId);
  const { keyId, publicKey } = key;
  const ids = { tenantId, appId, botId, userId, keyId, fingerprint: fingerprintOf(publicKey), linkId };
  return { ...ids, transactionId, changeId, adminId };
}

type Codec = { create(base: object): object; encode(message: object): { finish(): Uint8Array } };

function ask(rpc: string, request: object, caller: string): Promise<Ended> {
  const codec = (proto as unknown as Record<string, Codec>)[`AdminService${rpc}Request`];
  if (codec === undefined) throw new Error(`${rpc} has no request`);
  const bytes = codec.encode(codec.create(request)).finish();
  return opened.served.call(`/countersign.admin.v1.AdminService/${rpc}`, bytes, tokens.get(caller));
}

function change(what: What, tenantId: string, caller: string): Promise<Ended> {
  // The limits on prompts are none of this test's business.
  opened.admins.world.clock.advance(600_000);
  return ask("RequestChange", { requestId: drawHexId(), tenantId, action: { what } }, caller);
}

/** Stopped by who he is, or by there being nothing of this name. */
const CLOSED = ["UNAUTHENTICATED", "NOT_ALLOWED", "NOT_FOUND", "UNKNOWN_TRANSACTION"];

const create = (tenantId: string, caller: string): Promise<Ended> =>
  ask("CreateUser", { requestId: drawHexId(), tenantId, userId: name() }, caller);

const isClosed = ({ reason }: Ended): boolean => CLOSED.includes(reason);

function told({ code, message, reason, details, metadata }: Ended): object {
  return { code, message, reason, metadata, details: Buffer.from(details).toString("hex") };
}

test("every RPC is told here", () => {
  const paths = Object.keys(REQUESTS).filter((path) => path.startsWith("/countersign.admin.v1.AdminService/"));
  const here = [...Object.keys({ ...IN_TENANT, ...OF_TENANT, ...BY_ID }), ...OWN, ...MAKES];
  const known = paths.map((path) => path.split("/")[2] ?? "");
  expect(here.toSorted()).toEqual(known.toSorted());
  const actions = Object.keys({ ...IN_TENANT_ACTIONS, ...MAKING_ACTIONS, ...INSTALLATION_ACTIONS });
  expect(actions).toHaveLength(Object.keys(ACTION_RULES).length);
});

describe.each(Object.entries(CALLERS))("check 28: %s", (caller, { role, all }) => {
  test.each(Object.entries({ ...IN_TENANT, ...OF_TENANT, ...BY_ID }))("%s", async (rpc, request) => {
    const [mine, theirs, none] = [
      await ask(rpc, request(own), caller),
      await ask(rpc, request(other), caller),
      await ask(rpc, request(nothing), caller),
    ];
    const may = mayCall(rpc, role) && !(rpc === "DisableAdmin" && role === "operator");
    expect([mine, theirs, none].map(isClosed)).toEqual([!may, !(may && all), true]);
    expect(told(theirs)).toEqual(all ? told(theirs) : told(none));
    const refusals = new Set([mine, theirs, none].map(({ reason }) => reason));
    expect([...refusals]).toEqual(mayCall(rpc, role) ? [...refusals] : ["NOT_ALLOWED"]);
  });

  test.each(Object.entries(OF_TENANT))("%s of what is another tenant's, under one's own", async (rpc, request) => {
    const { tenantId } = own;
    const [theirs, none] = [
      await ask(rpc, request({ ...other, tenantId }), caller),
      await ask(rpc, request({ ...nothing, tenantId }), caller),
    ];
    expect(told(theirs)).toEqual(told(none));
    expect(isClosed(none)).toBe(true);
  });

  test.each(Object.entries({ ...IN_TENANT_ACTIONS, ...MAKING_ACTIONS }))("asks for %s", async (_kind, action) => {
    const [mine, theirs, none] = [
      await change(action(own), own.tenantId, caller),
      await change(action(other), other.tenantId, caller),
      await change(action(nothing), nothing.tenantId, caller),
    ];
    const may = role === "owner" || role === "admin";
    expect([mine, theirs, none].map(isClosed)).toEqual([!may, !(may && all), true]);
    expect(told(theirs)).toEqual(all ? told(theirs) : told(none));
  });

  test.each(Object.entries(IN_TENANT_ACTIONS))(
    "asks for %s of another tenant's, under one's own",
    async (_kind, action) => {
      const [theirs, none] = [
        await change(action(other), own.tenantId, caller),
        await change(action(nothing), own.tenantId, caller),
      ];
      expect(CLOSED).toContain(none.reason);
      expect({ code: theirs.code, reason: theirs.reason }).toEqual({ code: none.code, reason: none.reason });
      expect(theirs.message).toBe(none.message);
    },
  );

  test.each(Object.entries(INSTALLATION_ACTIONS))("asks for %s", async (_kind, action) => {
    expect(isClosed(await change(action(own), "", caller))).toBe(role !== "owner");
  });

  test("CreateUser", async () => {
    const may = role === "owner" || role === "admin";
    expect(isClosed(await create(own.tenantId, caller))).toBe(!may);
    const [theirs, none] = [await create(other.tenantId, caller), await create(nothing.tenantId, caller)];
    expect([theirs, none].map(isClosed)).toEqual([!(may && all), true]);
    expect(told(theirs)).toEqual(all ? told(theirs) : told(none));
    // Nobody makes an administrator's user.
    expect((await create(ADMINISTRATION, caller)).reason).toBe(may && !all ? "NOT_FOUND" : "NOT_ALLOWED");
  });

  test("the administrators' own tenant is there for who is of the installation", async () => {
    const { reason } = await ask("ListBots", { tenantId: ADMINISTRATION }, caller);
    expect(reason).toBe(all ? "" : "NOT_FOUND");
  });

  test("lists show the tenants that he has a part in, and the audit what happened in them", async () => {
    const { response } = await ask("ListTenants", { pageSize: 100 }, caller);
    const { tenants } = proto.AdminServiceListTenantsResponse.decode(Buffer.from(response ?? []));
    expect(tenants.some(({ tenantId }) => tenantId === other.tenantId)).toBe(all);
    expect(tenants.some(({ tenantId }) => tenantId === own.tenantId)).toBe(true);
    const audit = async (tenantId: string): Promise<Ended> =>
      opened.served.call(
        "/countersign.admin.v1.AuditService/List",
        AuditServiceListRequest.encode(AuditServiceListRequest.create({ tenantId })).finish(),
        tokens.get(caller),
      );
    expect((await audit(own.tenantId)).reason).toBe("");
    const [theirs, none] = [await audit(other.tenantId), await audit(nothing.tenantId)];
    expect([theirs, none].map(isClosed)).toEqual([!all, true]);
    expect(told(theirs)).toEqual(all ? told(theirs) : told(none));
  });

  test("exports hold what happened in the tenants that he has a part in, and heads are everybody's", async () => {
    const [mine, theirs, none] = [
      await exported(own.tenantId, caller),
      await exported(other.tenantId, caller),
      await exported(nothing.tenantId, caller),
    ];
    expect([mine, theirs, none].map(({ ended }) => ended !== undefined)).toEqual([false, !all, true]);
    // Where it is his as well it is told as itself.
    expect(theirs.ended && told(theirs.ended)).toEqual(all ? undefined : none.ended && told(none.ended));
    const everything = await exported("", caller);
    for (const [text, shows] of [
      [mine.text, false],
      [everything.text, all],
    ] as const) {
      expect([text.includes(own.tenantId), text.includes(other.tenantId)]).toEqual([true, shows]);
    }
    const heads = AuditServiceListHeadsRequest.encode(AuditServiceListHeadsRequest.create({})).finish();
    const listed = await opened.served.call("/countersign.admin.v1.AuditService/ListHeads", heads, tokens.get(caller));
    expect(listed.reason).toBe("");
  });
});

/** All lines of an export, or how it was refused. */
async function exported(tenantId: string, caller: string): Promise<{ readonly text: string; readonly ended?: Ended }> {
  const stream = opened.served.client().makeServerStreamRequest(
    "/countersign.admin.v1.AuditService/Export",
    (request: AuditServiceExportRequest) => Buffer.from(AuditServiceExportRequest.encode(request).finish()),
    (bytes: Buffer) => AuditServiceExportResponse.decode(bytes),
    AuditServiceExportRequest.create({ tenantId }),
    bearer(tokens.get(caller)),
  );
  let text = "";
  try {
    for await (const { lines } of stream as AsyncIterable<AuditServiceExportResponse>) text += lines.toString("utf8");
    return { text };
  } catch (error) {
    return { text, ended: endedBy(error as ServiceError) };
  }
}
