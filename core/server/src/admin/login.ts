// How an administrator logs in to a page: a LOGIN on his own key. docs/decisions/0029-console-and-login.md
import { Kind, toHex, utf8, sha256 } from "@countersign/protocol";
import {
  AdminServiceFinishLoginResponse,
  type AdminServiceBeginLoginRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { adminKey, userKey } from "../identity/entity-key.ts";
import { endOfToken } from "../identity/held-token.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { checkUserId } from "../identity/user-name.ts";
import type { User } from "../identity/user.ts";
import type { Caller } from "../rpc/caller.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type UnixMs } from "../store/entity.ts";
import type { Store } from "../store/store.ts";
import { createTransaction, type Created } from "../transaction/create.ts";
import { ownTransaction } from "../transaction/own-transaction.ts";
import { ownerOf, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { loginFields, sessionStands, SESSION_MS } from "./session.ts";
import { issueToken, readTokenHash } from "./token-entity.ts";

const HOUR_MS = 3_600_000;
/** At a time: what is left of his open transactions is for changes. */
const MOST_OPEN = 2;
/** That came to nothing within an hour: who knows a name prompts its owner no oftener. */
const MOST_VAIN = 6;
/** So many of his transactions are looked through: more than anybody has within an hour. */
const LOOKED_AT = 100;

/** The same for every name that cannot log in, so that it does not tell why. */
const NOT_NOW = refuse(
  "NOT_FOUND",
  "admin_id: nobody of this name can log in just now: unknown, disabled, frozen, without key or chat, or asked too often.",
);

/** A LOGIN on the key of whoever is named. Nobody is authenticated yet: all of the request is anybody's. */
export async function beginLogin(
  given: CoreGiven,
  { adminId, tokenSha256 }: AdminServiceBeginLoginRequest,
): Promise<Created | Refusal> {
  const token = readTokenHash(tokenSha256, "token_sha256");
  if (isRefusal(token)) return token;
  if (checkUserId(adminId) !== undefined) return badInput("admin_id", "must be 1 to 64 of A-Z a-z 0-9 . _ @ + -");
  const { entities, now } = await given.store.load(
    ADMINISTRATION_SHARD,
    ...([adminKey(adminId), userKey(ADMINISTRATION, adminId)] as const),
  );
  const [{ body: admin }, { body: user }] = entities;
  if (admin?.state !== "ACTIVE" || user === undefined) return NOT_NOW;
  return inTurn(given, adminId, async () => {
    if (!(await mayAsk(given, user, token, now))) return NOT_NOW;
    const created = await createTransaction(given, loginDraft(adminId, token, tokenSha256, now));
    // Whatever it is, it is about somebody who has not shown that he is who he says.
    return isRefusal(created) && created.refused !== "UNAVAILABLE" && created.refused !== "STORE_FULL"
      ? NOT_NOW
      : created;
  });
}

/** Logins of one administrator that are being begun on this core: together they would each find room for themselves. */
const lines = new WeakMap<Store, Map<string, Promise<void>>>();

async function inTurn<T>({ store }: CoreGiven, adminId: string, work: () => Promise<T>): Promise<T> {
  const line = lines.get(store) ?? new Map<string, Promise<void>>();
  lines.set(store, line);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const before = line.get(adminId);
  line.set(adminId, ended);
  await before;
  try {
    return await work();
  } finally {
    end();
    if (line.get(adminId) === ended) line.delete(adminId);
  }
}

function loginDraft(adminId: string, token: string, tokenSha256: Uint8Array, now: UnixMs) {
  const until = now + SESSION_MS;
  return {
    ...{ tenantId: ADMINISTRATION, userId: adminId, kind: Kind.LOGIN, fields: loginFields(tokenSha256, until) },
    ...{ createdBy: "core", actor: "client", requestId: toHex(sha256(utf8(`login\0${adminId}\0${token}`))) },
    bodyHash: sha256(utf8(`login\0${token}`)),
    action: { type: "login", token, until },
  } as const;
}

/** With a key that may sign, and not asked so often in vain. A LOGIN of this very token is one that is asked again. */
async function mayAsk(given: CoreGiven, user: User, token: string, now: UnixMs): Promise<boolean> {
  const keys = await loadKeys(given, user, user.keyIds);
  if (!keys.some(({ state }) => state === "ACTIVE")) return false;
  const logins = (await lately(given, user, now)).filter(({ action }) => action?.type === "login");
  if (logins.some(({ action }) => action?.type === "login" && action.token === token)) return true;
  const open = logins.filter(({ state, expiresAt }) => state === "PENDING" && now < expiresAt);
  const vain = logins.filter(({ state }) => state !== "EXECUTED");
  return open.length < MOST_OPEN && vain.length < MOST_VAIN;
}

async function lately(given: CoreGiven, { tenantId, userId }: User, now: UnixMs): Promise<readonly Transaction[]> {
  const page = { tenant: "", limit: LOOKED_AT };
  const keys = await given.store.list(ADMINISTRATION_SHARD, "transaction", ownerOf(tenantId, userId), page);
  if (keys.length === 0) return [];
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, ...keys.map(({ id }) => transactionKey(id)));
  return entities.flatMap(({ body }) => (body !== undefined && body.createdAt > now - HOUR_MS ? [body] : []));
}

/** Who signed it is told who he is, and his token opens what it opens; it counts because the LOGIN's commit listed it. */
export async function finishLogin(
  given: CoreGiven,
  caller: Caller,
): Promise<AdminServiceFinishLoginResponse | Refusal> {
  if (caller.kind !== "confirmation") throw new Error(`a confirmation token was expected, not ${caller.kind}`);
  const login = await ownTransaction(given, caller, caller.txId);
  if (isRefusal(login)) return login;
  if (login.action?.type !== "login") return refuse("NOT_ALLOWED", "This is no LOGIN of an administrator.");
  if (login.state !== "EXECUTED")
    return refuse("STATE_CONFLICT", `The LOGIN is ${login.state}: his key has not signed it.`);
  const { userId: adminId, action } = login;
  const names = [adminKey(adminId), userKey(ADMINISTRATION, adminId)] as const;
  const { entities, now } = await given.store.load(ADMINISTRATION_SHARD, ...names);
  const [{ body: admin }, { body: user }] = entities;
  const token = admin?.state === "ACTIVE" ? admin.tokens.listed.find(({ id }) => id === action.token) : undefined;
  const isOver = token === undefined || endOfToken(admin?.tokens, { id: token.id, listed: true }, now) === undefined;
  if (isOver || !sessionStands(token, user)) return refuse("STATE_CONFLICT", "This session is over.");
  const by = { actor: `admin:${adminId}`, detail: {} };
  const refused = await issueToken(given, action.token, { holder: { kind: "admin", adminId }, tenant: "" }, by);
  return refused ?? AdminServiceFinishLoginResponse.create({ adminId, expiresAt: timestampOf(action.until) });
}
