// Every RPC of webhooks × role × tenant: the intended cells pass, and another tenant's endpoint answers as none, byte for byte.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as proto from "@countersign/proto/node/admin/v1/webhook_service";
import { REQUESTS } from "@countersign/proto/wire-schema";
import type { Role } from "../admin/admin.ts";
import { ADMINISTRATION, type HexId } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { drawHexId } from "../testing/core-world.ts";
import type { Ended } from "../testing/serve-world.ts";

interface Ids {
  readonly tenantId: string;
  readonly endpointId: string;
}

const NAMING: Readonly<Record<string, (ids: Ids) => object>> = {
  List: ({ tenantId }) => ({ tenantId }),
  ListDeliveries: (ids) => ids,
  SendTest: (ids) => ids,
  Replay: (ids) => ({ ...ids, what: { $case: "since", value: { seconds: 0n, nanos: 0 } } }),
  Pause: (ids) => ids,
  Resume: (ids) => ids,
  Rotate: (ids) => ({ ...ids, fromGeneration: 1 }),
  Create: ({ tenantId }) => ({ tenantId, requestId: drawHexId(), url: "https://hooks.example/" }),
  Trigger: ({ tenantId }) => ({ tenantId, type: "transaction.executed" }),
};
/** Told of by tests of their own. */
const OTHERS = ["Remove", "Listen"];
const STOPS = ["Pause", "Replay", "SendTest"];
const READS = ["List", "ListDeliveries"];

const CALLERS: Readonly<Record<string, { readonly role: Role; readonly all: boolean }>> = {
  owner: { role: "owner", all: true },
  admin: { role: "admin", all: false },
  operator: { role: "operator", all: false },
  auditor: { role: "auditor", all: false },
  "auditor of all": { role: "auditor", all: true },
};

function mayCall(rpc: string, role: Role): boolean {
  if (READS.includes(rpc)) return true;
  return STOPS.includes(rpc) ? role !== "auditor" : role === "owner" || role === "admin";
}

let opened: ServedAdmins;
const tokens = new Map<string, string>();
let own: Ids;
let other: Ids;
const nothing: Ids = { tenantId: drawHexId(), endpointId: drawHexId() };

beforeAll(async () => {
  opened = await ServedAdmins.open();
  const { admins } = opened;
  const { tenantId } = admins.world;
  for (const [caller, { role, all }] of Object.entries(CALLERS)) {
    const { token } = await admins.addAdmin(caller.replaceAll(" ", "-"), role, all ? "" : tenantId);
    tokens.set(caller, token);
  }
  own = await endpoint(tenantId);
  other = await endpoint(await admins.addTenant("Other Bank"));
});
afterAll(() => opened.close());

async function endpoint(tenantId: HexId): Promise<Ids> {
  const { response } = await ask("Create", NAMING["Create"]!({ tenantId, endpointId: "" }), "owner");
  const { webhook } = proto.WebhookServiceCreateResponse.decode(Buffer.from(response ?? []));
  return { tenantId, endpointId: webhook?.endpointId ?? "" };
}

type Codec = { create(base: object): object; encode(message: object): { finish(): Uint8Array } };

function ask(rpc: string, request: object, caller: string): Promise<Ended> {
  const codec = (proto as unknown as Record<string, Codec>)[`WebhookService${rpc}Request`];
  if (codec === undefined) throw new Error(`${rpc} has no request`);
  const bytes = codec.encode(codec.create(request)).finish();
  return opened.served.call(`/countersign.admin.v1.WebhookService/${rpc}`, bytes, tokens.get(caller));
}

const CLOSED = ["UNAUTHENTICATED", "NOT_ALLOWED", "NOT_FOUND"];
const isClosed = ({ reason }: Ended): boolean => CLOSED.includes(reason);
const told = ({ code, message, reason, metadata, details }: Ended): object => {
  return { code, message, reason, metadata, details: Buffer.from(details).toString("hex") };
};

test("every RPC is told here", () => {
  const paths = Object.keys(REQUESTS).filter((path) => path.startsWith("/countersign.admin.v1.WebhookService/"));
  const here = [...Object.keys(NAMING), ...OTHERS];
  expect(new Set(paths.map((path) => path.split("/")[2]))).toEqual(new Set(here));
});

describe.each(Object.entries(CALLERS))("check 28: %s", (caller, { role, all }) => {
  test.each(Object.entries(NAMING))("%s", async (rpc, request) => {
    const [mine, theirs, none] = [
      await ask(rpc, request(own), caller),
      await ask(rpc, request(other), caller),
      await ask(rpc, request(nothing), caller),
    ];
    const may = mayCall(rpc, role);
    expect([mine, theirs, none].map(isClosed)).toEqual([!may, !(may && all), true]);
    expect(told(theirs)).toEqual(all ? told(theirs) : told(none));
  });

  test.each(Object.entries(NAMING).filter(([rpc]) => !["List", "Create", "Trigger"].includes(rpc)))(
    "%s of another tenant's endpoint, under one's own",
    async (rpc, request) => {
      const { tenantId } = own;
      const [theirs, none] = [
        await ask(rpc, request({ ...other, tenantId }), caller),
        await ask(rpc, request({ ...nothing, tenantId }), caller),
      ];
      expect(told(theirs)).toEqual(told(none));
      expect(isClosed(none)).toBe(true);
    },
  );
});

test("the administrators' own tenant has no endpoints", async () => {
  const asked = await ask("Create", NAMING["Create"]!({ tenantId: ADMINISTRATION, endpointId: "" }), "owner");
  expect(asked.reason).toBe("NOT_ALLOWED");
});

test("Remove: an endpoint of another tenant stays, one's own goes", async () => {
  const mine = await endpoint(own.tenantId);
  expect((await ask("Remove", { ...other, tenantId: own.tenantId }, "admin")).reason).toBe("NOT_FOUND");
  expect((await ask("Remove", mine, "operator")).reason).toBe("NOT_ALLOWED");
  expect((await ask("Remove", mine, "admin")).reason).toBe("");
  expect((await ask("ListDeliveries", mine, "admin")).reason).toBe("NOT_FOUND");
  expect((await ask("ListDeliveries", other, "owner")).reason).toBe("");
});
