import type { Metadata } from "@grpc/grpc-js";
import type { CoreGiven } from "../given.ts";
import { directoryOf } from "../identity/directory.ts";
import { appKey, botKey, grantKey, tokenKey } from "../identity/entity-key.ts";
import type { Caller } from "./caller.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { openDerivedToken, tokenId } from "./token.ts";

const unauthenticated = refuse("UNAUTHENTICATED", "authorization: this token is not valid. Ask your administrator.");

/** Bearer token → caller. undefined: no token was given. All that is wrong with a token has one answer. */
export async function authenticate(given: CoreGiven, metadata: Metadata): Promise<Caller | undefined | Refusal> {
  const values = metadata.get("authorization");
  if (values.length === 0) return undefined;
  const [value] = values;
  if (values.length > 1 || typeof value !== "string") return unauthenticated;
  const token = /^bearer (cs_[a-z]+_[A-Za-z0-9_-]{22,128})$/i.exec(value)?.[1];
  if (token === undefined) return unauthenticated;
  if (token.startsWith("cs_conf_")) return confirmation(given, token);
  if (token.startsWith("cs_grant_")) return grant(given, token);
  return holder(given, token);
}

function confirmation(given: CoreGiven, token: string): Caller | Refusal {
  const txId = openDerivedToken(given.secrets, "confirmation", token);
  return txId === undefined ? unauthenticated : { kind: "confirmation", txId };
}

async function grant(given: CoreGiven, token: string): Promise<Caller | Refusal> {
  const grantId = openDerivedToken(given.secrets, "grant", token);
  if (grantId === undefined) return unauthenticated;
  const held = await directoryOf(given.store).get(grantKey(grantId));
  if (held === undefined || held.until < given.store.now()) return unauthenticated;
  const { tenantId, userId, kinds } = held;
  return { kind: "grant", tenantId, userId, grantId, kinds };
}

async function holder(given: CoreGiven, token: string): Promise<Caller | Refusal> {
  const directory = directoryOf(given.store);
  const found = await directory.get(tokenKey(tokenId(token)));
  if (found === undefined) return unauthenticated;
  if (found.kind === "app") {
    const app = await directory.get(appKey(found.tenantId, found.appId));
    if (app === undefined || app.disabled) return unauthenticated;
    return { kind: "app", tenantId: app.tenantId, appId: app.appId, scope: app.scope };
  }
  const bot = await directory.get(botKey(found.tenantId, found.botId));
  if (bot === undefined || bot.disabled) return unauthenticated;
  if (bot.platform === "sandbox" && !given.development) {
    return refuse("NOT_ALLOWED", "sandbox bots are refused unless the core runs with --development");
  }
  return { kind: "bot", tenantId: bot.tenantId, botId: bot.botId, platform: bot.platform };
}
