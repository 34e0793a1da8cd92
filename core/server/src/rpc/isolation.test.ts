import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { MESSAGES, REQUESTS } from "@countersign/proto/wire-schema";
import { keyKey, linkKey, userKey } from "../identity/entity-key.ts";
import { servicesOf } from "../services.ts";
import { shardOfUser } from "../store/entity.ts";
import { CoreWorld, drawHexId } from "../testing/core-world.ts";
import { serveWorld, type Ended, type ServedWorld } from "../testing/serve-world.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import { PERMISSION } from "./permission.ts";

/** Ids that a request may name. */
interface Ids {
  readonly user_id: string;
  readonly transaction_id: string;
  readonly key_id: string;
  readonly link_id: string;
}

const PHRASE = "blue teapot"; // of the user that is not theirs
const SILENCE_MS = 400;
const strangerTenant = "99".repeat(16);
const tokens = { submit: "", execute: "" };
let world: CoreWorld;
let served: ServedWorld;
let theirs: Ids;
let digest: Uint8Array;

const nobodys: Ids = {
  user_id: "nobody",
  transaction_id: "0123" + "4".repeat(28),
  key_id: "5".repeat(32),
  link_id: "6".repeat(32),
};

beforeAll(async () => {
  world = await CoreWorld.open();
  const { txId, txDigest } = await world.pending();
  digest = txDigest;
  theirs = { user_id: world.userId, transaction_id: txId, key_id: world.key.keyId, link_id: world.linkId };
  await world.addTenant(strangerTenant, "Stranger");
  for (const scope of ["submit", "execute"] as const) tokens[scope] = (await world.addApp(strangerTenant, scope)).token;
  served = await serveWorld(servicesOf(world.given));
});
afterAll(() => served.close());

const RPCS = Object.entries(PERMISSION).flatMap(([path, callers]) =>
  (["submit", "execute"] as const).filter((scope) => callers.includes(scope)).map((scope) => [path, scope] as const),
);

describe("check 28: another tenant's ids read like ids of nobody, over all RPCs", () => {
  test.each(RPCS)("%s by %s", async (path, scope) => {
    const before = await versions();
    const foreign = await compared(path, scope);
    for (const secret of [PHRASE, ...(path.endsWith("UserService/Create") ? [] : [theirs.key_id])]) {
      expect(Buffer.from(foreign.response ?? []).toString("latin1")).not.toContain(secret);
    }
    expect(await versions()).toEqual(before);
  });

  test("most of these calls are refused as unknown, so that the comparison says something", async () => {
    const refused = new Map<string, number>();
    for (const [path, scope] of RPCS) {
      const { reason } = await ask(path, scope, theirs);
      refused.set(reason, (refused.get(reason) ?? 0) + 1);
    }
    expect((refused.get("NOT_FOUND") ?? 0) + (refused.get("UNKNOWN_TRANSACTION") ?? 0)).toBeGreaterThan(15);
  });
});

/** Asks with their ids and with nobody's, and finds no difference; the answer about theirs. */
async function compared(path: string, scope: "submit" | "execute"): Promise<Ended> {
  for (let silenceMs = SILENCE_MS; ; silenceMs *= 4) {
    const foreign = await ask(path, scope, theirs, silenceMs);
    const unknown = await ask(path, scope, nobodys, silenceMs);
    // One was answered and the other not: it may have been too slow, and both get more time.
    const silent = [foreign, unknown].filter(({ code }) => [status.DEADLINE_EXCEEDED].includes(code)).length;
    if (silent === 1 && silenceMs < 60_000) continue;
    expect(facts(foreign, theirs)).toEqual(facts(unknown, nobodys));
    return foreign;
  }
}

/** A stream has nothing to say when it has said nothing for so long. */
function ask(path: string, scope: "submit" | "execute", ids: Ids, silenceMs = SILENCE_MS): Promise<Ended> {
  const stream = /\/(Watch|WatchLink|ClaimNext)$/.test(path);
  return served.call(path, requestOf(REQUESTS[path] ?? ".", ids), tokens[scope], stream ? silenceMs : 60_000);
}

/** What a caller can tell apart, with the ids that he gave left out. */
function facts({ code, reason, message }: Ended, ids: Ids): object {
  const plain = Object.entries(ids).reduce((text, [name, id]) => text.replaceAll(id as string, name), message);
  // A stream that says nothing until its time is over is as good as an empty answer.
  if ([status.OK, status.DEADLINE_EXCEEDED].includes(code)) return { said: false };
  return { said: true, code, reason, message: plain };
}

async function versions(): Promise<string[]> {
  const { tenantId, userId, linkId, key } = world;
  const { entities } = await world.given.store.load(
    shardOfUser(tenantId, userId),
    userKey(tenantId, userId),
    keyKey(tenantId, key.keyId),
    linkKey(tenantId, linkId),
    transactionKey(theirs.transaction_id),
  );
  return entities.map(({ version }) => version);
}

/** The request with these ids and otherwise what gets it as far as possible. */
function requestOf(message: string, ids: Ids): Uint8Array {
  const parts: Buffer[] = [];
  for (const [number, [name, type]] of Object.entries(MESSAGES[message] ?? {})) {
    const value = valueOf(name, ids);
    if (value === undefined) continue;
    if (type === "int32" || type === "uint64" || type === "uint32")
      parts.push(Buffer.from([Number(number) << 3, Number(value)]));
    else parts.push(Buffer.from([(Number(number) << 3) | 2, value.length]), Buffer.from(value));
  }
  return Buffer.concat(parts);
}

function valueOf(name: string, ids: Ids): string | Uint8Array | undefined {
  const single = name.replace(/^(key|link)_ids$/, "$1_id");
  if (single in ids) return ids[single as keyof Ids];
  const known: Readonly<Record<string, string | Uint8Array>> = {
    request_id: drawHexId(),
    platform: "sandbox",
    kind: "1",
    kinds: Uint8Array.of(1),
    claim_id: "c",
    tx_digest: digest,
    fence: "1",
    outcome: "1",
    fingerprint: "0000 0000 0000 0000",
    locale: "en",
    detail: "done",
  };
  return known[name];
}
