// Who is of one tenant reads in the audit what happened there, in each order and as it happens, and of others nothing.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  AuditServiceClient,
  AuditServiceListRequest,
  AuditServiceTailRequest,
  type AuditEvent,
  type AuditServiceTailResponse,
} from "@countersign/proto/node/admin/v1/audit_service";
import { credentials } from "@grpc/grpc-js";
import { shardOfUser, type HexId } from "../store/entity.ts";
import { ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { bearer } from "../testing/serve-world.ts";

let world: ServedAdmins;
let audit: AuditServiceClient;
let tina: TestAdmin;
let own: HexId;
let other: HexId;
/** A user of each tenant whose entries are in one chain: theirs first. */
const [theirs, mine] = ["theirs", "mine"];
let [theirUser, ownUser] = ["", ""];

beforeAll(async () => {
  world = await ServedAdmins.open();
  audit = new AuditServiceClient(world.served.address, credentials.createInsecure());
  own = world.admins.world.tenantId;
  other = await world.admins.addTenant("Other Bank");
  tina = await world.admins.addAdmin("tina", "admin", own);
  theirUser = `${theirs}0`;
  for (let i = 0; ownUser === ""; i += 1) {
    const name = `${mine}${i}`;
    if (shardOfUser(own, name) === shardOfUser(other, theirUser)) ownUser = name;
  }
  await createUser(other, theirUser);
  await createUser(own, ownUser);
});
afterAll(async () => {
  audit.close();
  await world.close();
});

async function createUser(tenantId: HexId, userId: string): Promise<void> {
  const request = { requestId: userId, tenantId, userId, phrase: "", locale: "" };
  await call(world.client, "createUser", request, world.anna.token);
}

async function listed(filter: Partial<AuditServiceListRequest>, by: TestAdmin): Promise<AuditEvent[]> {
  const found: AuditEvent[] = [];
  for (let pageToken = ""; ;) {
    const request = AuditServiceListRequest.create({ pageSize: 100, ...filter, pageToken });
    const { events, nextPageToken } = await call(audit, "list", request, by.token);
    found.push(...events);
    if (nextPageToken === "") return found;
    pageToken = nextPageToken;
  }
}

const tenantsIn = (events: readonly AuditEvent[]): string[] => [...new Set(events.map(({ tenantId }) => tenantId))];
const subjectsIn = (events: readonly AuditEvent[]): string[] => events.map(({ subject }) => subject);

test.each([
  ["in the order of the chains", {}],
  ["newest first", { newestFirst: true }],
  ["about a user that another tenant has", { subject: "user:theirs0" }],
  ["newest first, about him", { subject: "user:theirs0", newestFirst: true }],
  ["by a text of theirs", { text: "theirs0", newestFirst: true }],
])("check 28: List %s", async (_what, filter: Partial<AuditServiceListRequest>) => {
  expect(subjectsIn(await listed(filter, world.anna))).toContain(`user:${theirUser}`);
  for (const tenantId of ["", own]) {
    const events = await listed({ ...filter, tenantId }, tina);
    expect(tenantsIn(events)).toEqual("subject" in filter || "text" in filter ? [] : [own]);
  }
  expect(subjectsIn(await listed({ tenantId: own }, tina))).toContain(`user:${ownUser}`);
});

test.each([{}, { events: ["user.created"] }])("check 28: Tail of all that ever happened: %j", async (filter) => {
  const cursor = Buffer.from("t1.0").toString("base64url");
  const stream = audit.tail(AuditServiceTailRequest.create({ cursor, ...filter }), bearer(tina.token));
  const told: AuditEvent[] = [];
  try {
    for await (const { events } of stream as AsyncIterable<AuditServiceTailResponse>) {
      told.push(...events);
      if (subjectsIn(told).includes(`user:${ownUser}`)) break;
    }
  } finally {
    stream.cancel();
  }
  expect(tenantsIn(told)).toEqual([own]);
});
