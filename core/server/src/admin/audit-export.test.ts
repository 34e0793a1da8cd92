// Exports and signed heads over the wire, read as whoever gets them reads them.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  AuditServiceClient,
  AuditServiceExportRequest,
  type AuditServiceExportResponse,
} from "@countersign/proto/node/admin/v1/audit_service";
import {
  describeAuditFault,
  ExportCheck,
  HeadBook,
  openAuditHead,
  readExportLine,
  type ExportReport,
  type OpenedHead,
} from "@countersign/protocol";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { seal } from "../audit/seal.ts";
import { KEPT_HEADS } from "../audit/stored-heads.ts";
import { ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { bearer, endedBy } from "../testing/serve-world.ts";

let world: ServedAdmins;
let audit: AuditServiceClient;
beforeEach(async () => {
  world = await ServedAdmins.open();
  audit = new AuditServiceClient(world.served.address, credentials.createInsecure());
});
afterEach(async () => {
  audit.close();
  await world.close();
});

const pinned = () => {
  const { serverId, secrets } = world.admins.world.given;
  return { serverId, publicKeys: [secrets.publicKey] };
};

/** Reads messages until the end, or until `stop` says so after one of them. */
async function read(
  request: Partial<AuditServiceExportRequest> = {},
  by: TestAdmin = world.anna,
  stop: (message: AuditServiceExportResponse) => Promise<boolean> = async () => false,
): Promise<{ readonly text: string; readonly cursor: string }> {
  const stream = audit.export(AuditServiceExportRequest.create(request), bearer(by.token));
  let [text, cursor] = ["", ""];
  try {
    for await (const message of stream as AsyncIterable<AuditServiceExportResponse>) {
      text += message.lines.toString("utf8");
      cursor = message.cursor;
      if (await stop(message)) break;
    }
  } finally {
    stream.cancel();
  }
  return { text, cursor };
}

function check(text: string, heads: readonly OpenedHead[] = []): ExportReport {
  const book = new HeadBook();
  for (const head of heads) book.add({ name: `head ${head.number}`, head });
  const checking = new ExportCheck(pinned(), book);
  for (const line of text.split("\n").slice(0, -1)) checking.take(line);
  return checking.finish();
}

async function listed(): Promise<OpenedHead[]> {
  const { heads } = await call(audit, "listHeads", { pageSize: 100, pageToken: "" }, world.anna.token);
  return heads.map(({ line }) => openAuditHead(line, pinned()) as OpenedHead);
}

async function createUsers(prefix: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const request = { requestId: `${prefix}-${i}`, tenantId: "", userId: `${prefix}-${i}`, phrase: "", locale: "" };
    await call(world.client, "createUser", request, world.anna.token);
  }
}

const entriesOf = (text: string): string[] =>
  text.split("\n").flatMap((line) => {
    const is = readExportLine(line);
    return is?.type === "entry" ? [is.text] : [];
  });

/** A part is signed with new randomness each time. */
const unsigned = (text: string): string => text.replaceAll(/"signature":"\w+"/g, "");

test("everything that happened is in an export, and it holds against the heads that were signed", async () => {
  await createUsers("one", 5);
  const { text } = await read();
  const report = check(text, await listed());
  expect(report.faults.map(describeAuditFault)).toEqual([]);
  expect(report.head?.number).toBe(1);
  for (let i = 0; i < 5; i++) expect(entriesOf(text).some((entry) => entry.includes(`user:one-${i}"`))).toBe(true);
});

test("the head is a minute old at most; a later export has what came since, and one behind a head only that", async () => {
  await createUsers("one", 2);
  await read();
  await createUsers("two", 2);
  expect(check((await read()).text).head?.number).toBe(1);
  world.admins.world.clock.advance(60_000);
  const { text } = await read({ sinceNumber: 1n });
  const report = check(text, await listed());
  expect(report).toMatchObject({ ok: true, base: { number: 1 }, head: { number: 2 } });
  expect(entriesOf(text).some((entry) => entry.includes("user:two-1"))).toBe(true);
  expect(entriesOf(text).some((entry) => entry.includes("user:one-1"))).toBe(false);
  expect(entriesOf(text).some((entry) => entry.includes('"audit.sealed"'))).toBe(true);
  const moment = { seconds: BigInt(Math.floor(report.base!.at / 1000) + 1), nanos: 0 };
  expect((await read({ since: moment })).text).toBe(text);
});

test("nobody has heads made at will: they would drive out those that are kept", async () => {
  await createUsers("one", 2);
  await read();
  for (let i = 0; i < 3; i++) {
    await createUsers(`more-${i}`, 1);
    const { text } = await read({ sinceNumber: 1n });
    expect(check(text, await listed())).toMatchObject({ ok: true, entries: 0, head: { number: 1 } });
  }
  expect((await listed()).map(({ number }) => number)).toEqual([1]);
});

test("resumed after any message it is the same text, whatever was written meanwhile", async () => {
  await createUsers("one", 4);
  const whole = await read();
  let { text, cursor } = await read({}, world.anna, async () => true);
  expect(text.length).toBeLessThan(whole.text.length);
  await createUsers("two", 4);
  world.admins.world.clock.advance(600_000);
  while (cursor !== "") {
    const more = await read({ cursor }, world.anna, async () => true);
    text += more.text;
    cursor = more.cursor;
  }
  expect(text).toBe(whole.text);
});

test("an export while the core writes ends at its head, and holds", async () => {
  await createUsers("one", 3);
  let writing: Promise<void> | undefined;
  const { text } = await read({}, world.anna, async () => {
    await (writing ??= createUsers("two", 3));
    return false;
  });
  expect(check(text).faults).toEqual([]);
  expect(entriesOf(text).some((entry) => entry.includes("user:two"))).toBe(false);
});

describe("a tenant's auditor", () => {
  let carl: TestAdmin;
  beforeEach(async () => {
    carl = await world.admins.addAdmin("carl", "auditor", world.admins.world.tenantId);
    await createUsers("mine", 3);
    const other = await world.admins.addTenant("Other Bank");
    const request = { requestId: "theirs", tenantId: other, userId: "theirs", phrase: "", locale: "" };
    await call(world.client, "createUser", request, world.anna.token);
  });

  test("has his tenant's entries and of the others the hash, and both hold", async () => {
    const { text } = await read({}, carl);
    const report = check(text, await listed());
    expect(report.faults.map(describeAuditFault)).toEqual([]);
    expect(report.tenant).toBe(world.admins.world.tenantId);
    expect(report.opaque).toBeGreaterThan(0);
    const all = check((await read()).text);
    expect(report.entries + report.opaque).toBe(all.entries);
    for (const entry of entriesOf(text)) {
      const { events } = JSON.parse(entry) as { readonly events: readonly { readonly tenant: string }[] };
      expect(events.every(({ tenant }) => tenant === world.admins.world.tenantId)).toBe(true);
    }
    expect(entriesOf(text).some((entry) => entry.includes("user:mine-2"))).toBe(true);
    expect(text).not.toContain("user:theirs");
    const named = (await read({ tenantId: world.admins.world.tenantId })).text;
    expect(unsigned(named)).toBe(unsigned(text));
  });

  test("reads heads, which say nothing of anybody", async () => {
    await read({}, carl);
    const answer = await call(audit, "listHeads", { pageSize: 0, pageToken: "" }, carl.token);
    expect(answer.heads.map(({ number }) => number)).toEqual([1n]);
  });
});

test("what is asked for wrongly is refused", async () => {
  const reasonOf = async (request: Partial<AuditServiceExportRequest>): Promise<string> => {
    const ended: unknown = await read(request).catch((error: unknown) => error);
    return endedBy(ended as ServiceError).reason;
  };
  expect(await reasonOf({ cursor: "garbage" })).toBe("BAD_INPUT");
  expect(await reasonOf({ sinceNumber: 7n })).toBe("NOT_FOUND");
  expect(await reasonOf({ sinceNumber: 7n, since: { seconds: 1n, nanos: 0 } })).toBe("BAD_INPUT");
  expect(await reasonOf({ tenantId: "0".repeat(32) })).toBe("NOT_FOUND");
  const { cursor } = await read({}, world.anna, async () => true);
  expect(await reasonOf({ cursor, since: { seconds: 1n, nanos: 0 } })).toBe("BAD_INPUT");
});

test("the newest heads are kept, page by page, and each follows the one before it", async () => {
  const { given } = world.admins.world;
  for (let i = 0; i < 3; i++) await seal(given);
  const first = await call(audit, "listHeads", { pageSize: 2, pageToken: "" }, world.anna.token);
  const rest = await call(audit, "listHeads", { pageSize: 2, pageToken: first.nextPageToken }, world.anna.token);
  expect([...first.heads, ...rest.heads].map(({ number }) => number)).toEqual([3n, 2n, 1n]);
  expect(rest.nextPageToken).toBe("");
  const [third, second] = await listed();
  expect(third!.previous).toEqual(second!.hash);
  const [, of = ""] = Buffer.from(first.nextPageToken, "base64url").toString().split(".");
  const pageToken = Buffer.from(`a1.${of}.NaN`).toString("base64url");
  const forged = await refused(call(audit, "listHeads", { pageSize: 2, pageToken }, world.anna.token));
  expect(forged.reason).toBe("BAD_INPUT");
  const bad = await refused(call(audit, "listHeads", { pageSize: 2, pageToken: "x" }, world.anna.token));
  expect(bad.reason).toBe("BAD_INPUT");
  expect(KEPT_HEADS).toBeGreaterThan(144);
});
