// Changes of apps and bots, and of tokens.
import { sha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { adminKey, appKey, botKey } from "../identity/entity-key.ts";
import { MOST_TOKENS, openOf, withToken, type HeldTokens } from "../identity/held-token.ts";
import type { App, Bot, TokenHolder } from "../identity/tenant.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, shardOfKey, type HexId, type UnixMs } from "../store/entity.ts";
import { reserve } from "../transaction/reserve.ts";
import { NAMELESS, stoppedAnew, tenantIn, unknown, type ActionOf, type ActionRule, type Doing } from "./action-rule.ts";
import { changeDirectory, type By, type DirectoryChange } from "./change-directory.ts";
import type { HolderRef } from "./change.ts";
import { everyOwned } from "./every-owned.ts";
import { issueToken, whyNotFree } from "./token-entity.ts";

export const createApp: ActionRule<"create_app"> = {
  level: () => "medium",
  judge: (given, of, { name, appId, token }) =>
    judgeNew(given, of, { name, id: appId, token, holder: { kind: "app", tenantId: tenantIn(of).tenantId, appId } }),
  carryOut: async (given, of, { appId, name, scope, token }, by) => {
    const { tenantId } = tenantIn(of);
    const holder: TokenHolder = { kind: "app", tenantId, appId };
    const refusal = await prepareNew(given, { tenantId, name, id: appId, token, holder }, by);
    if (refusal !== undefined) return refusal;
    return refusalIn(
      await changeDirectory(given, { key: appKey(tenantId, appId), tenant: tenantId }, by, (held, now) => {
        if (held !== undefined) return "same";
        const made = { appId, tenantId, name, scope, disabled: false, tokens: listOf(token, now) } as const;
        const body: App = withHand(made, by);
        return { body, event: "app.created", before: "", after: `${name}, ${scope}` };
      }),
    );
  },
};

export const createBot: ActionRule<"create_bot"> = {
  level: () => "medium",
  judge: (given, of, { name, botId, token }) =>
    judgeNew(given, of, { name, id: botId, token, holder: { kind: "bot", tenantId: tenantIn(of).tenantId, botId } }),
  carryOut: async (given, of, { botId, name, platform, token }, by) => {
    const { tenantId } = tenantIn(of);
    const holder: TokenHolder = { kind: "bot", tenantId, botId };
    const refusal = await prepareNew(given, { tenantId, name, id: botId, token, holder }, by);
    if (refusal !== undefined) return refusal;
    return refusalIn(
      await changeDirectory(given, { key: botKey(tenantId, botId), tenant: tenantId }, by, (held, now) => {
        if (held !== undefined) return "same";
        const body: Bot = {
          botId,
          tenantId,
          name,
          platform,
          disabled: false,
          deepLink: "",
          tokens: listOf(token, now),
        };
        return { body, event: "bot.created", before: "", after: `${name}, ${platform}` };
      }),
    );
  },
};

export const enableApp: ActionRule<"enable_app"> = {
  level: () => "medium",
  judge: async (given, of, { appId }) => {
    const app = await loadApp(given, tenantIn(of).tenantId, appId);
    return whyNotStart(of, app?.startedBy, app?.disabledAt) ?? named(app, "action.enable_app.app_id");
  },
  carryOut: async (given, of, { appId }, by) => {
    const { tenantId } = tenantIn(of);
    return refusalIn(
      await changeDirectory(given, { key: appKey(tenantId, appId), tenant: tenantId }, by, (app) => {
        if (app === undefined) return unknown("app_id");
        // Done before, and stopped again since.
        if (!app.disabled || app.startedBy === of.changeId) return "same";
        return {
          body: { ...app, disabled: false, startedBy: of.changeId },
          event: "app.enabled",
          before: "disabled",
          after: "enabled",
        };
      }),
    );
  },
};

export const enableBot: ActionRule<"enable_bot"> = {
  level: () => "medium",
  judge: async (given, of, { botId }) => {
    const bot = await loadBot(given, tenantIn(of).tenantId, botId);
    return whyNotStart(of, bot?.startedBy, bot?.disabledBy?.at) ?? named(bot, "action.enable_bot.bot_id");
  },
  carryOut: (given, of, { botId }, by) =>
    changeBot(given, of, botId, by, (bot) =>
      bot.disabled && bot.startedBy !== of.changeId
        ? {
            body: { ...bot, disabled: false, startedBy: of.changeId },
            event: "bot.enabled",
            before: "disabled",
            after: "enabled",
          }
        : "same",
    ),
};

export const resumeBot: ActionRule<"resume_bot"> = {
  level: () => "low",
  judge: async (given, of, { botId }) => {
    const bot = await loadBot(given, tenantIn(of).tenantId, botId);
    return whyNotStart(of, bot?.resumedBy, bot?.pausedBy?.at) ?? named(bot, "action.resume_bot.bot_id");
  },
  carryOut: (given, of, { botId }, by) =>
    changeBot(given, of, botId, by, (bot) =>
      bot.paused === true && bot.resumedBy !== of.changeId
        ? {
            body: { ...bot, paused: false, resumedBy: of.changeId },
            event: "bot.resumed",
            before: "paused",
            after: "running",
          }
        : "same",
    ),
};

/** `startedBy`: the change that ended its last stop; where that is this very one it was done, and is not judged again. */
function whyNotStart(of: Doing, startedBy: HexId | undefined, stoppedAt: UnixMs | undefined): Refusal | undefined {
  return startedBy === of.changeId ? undefined : stoppedAnew(of, stoppedAt);
}

export const addToken: ActionRule<"add_token"> = {
  level: ({ holder }, { requestedBy }) => (holder.kind === "admin" && holder.id !== requestedBy ? "high" : "medium"),
  judge: async (given, of, { holder, token }) => {
    const found = await holderOf(given, of, holder);
    if (isRefusal(found)) return found;
    const { tokens, name } = found;
    const open = openOf(tokens, given.store.now());
    if (open.length >= MOST_TOKENS && !open.some(({ id }) => id === token)) {
      return refuse("RATE_LIMITED", `It has ${MOST_TOKENS} tokens. Revoke one first.`);
    }
    return (await whyNotFree(given, token, tokenHolder(of, holder))) ?? { name };
  },
  carryOut: async (given, of, action, by) => {
    const { holder, token } = action;
    const tenant = of.tenant?.tenantId ?? "";
    const issued = await issueToken(given, token, { holder: tokenHolder(of, holder), tenant }, by);
    return issued ?? listToken(given, of, action, by);
  },
};

async function listToken(
  given: CoreGiven,
  of: Doing,
  { holder, token, overlapMs }: ActionOf<"add_token">,
  by: By,
): Promise<Refusal | undefined> {
  const add = <B extends { readonly tokens?: HeldTokens }>(body: B | undefined, now: number) => {
    if (body === undefined) return unknown("action.add_token");
    const tokens = withToken(body.tokens, token, { now, overlapMs });
    if (tokens === body.tokens) return "same";
    const counted = (held: HeldTokens | undefined): string => `${openOf(held, now).length} listed`;
    return { body: { ...body, tokens }, event: "token.listed", before: counted(body.tokens), after: counted(tokens) };
  };
  const tenant = of.tenant?.tenantId ?? "";
  switch (holder.kind) {
    case "app":
      return refusalIn(
        await changeDirectory(given, { key: appKey(tenant, holder.id), tenant }, by, (app, now) => {
          const added = add(app, now);
          if (added === "same" || isRefusal(added)) return added;
          return { ...added, body: withHand(added.body, by) };
        }),
      );
    case "bot":
      return refusalIn(await changeDirectory(given, { key: botKey(tenant, holder.id), tenant }, by, add));
    case "admin":
      return refusalIn(
        await changeDirectory(given, { key: adminKey(holder.id), tenant }, by, (admin, now) => {
          if (admin !== undefined && admin.state !== "ACTIVE")
            return refuse("STATE_CONFLICT", `${admin.adminId} is ${admin.state}.`);
          return add(admin, now);
        }),
      );
  }
}

/** Whose key alone gave its token out may hold it: two apps of one hand are one person where two have to agree. */
function withHand(app: App, { detail }: By): App {
  const [hand = "", ...others] = String(detail["approvedBy"] ?? "").split(",");
  const { hands = [] } = app;
  return hand === "" || others.length > 0 || hands.includes(hand) ? app : { ...app, hands: [...hands, hand] };
}

interface New {
  readonly name: string;
  readonly id: HexId;
  readonly token: string;
  readonly holder: TokenHolder;
}

async function judgeNew(given: CoreGiven, of: Doing, { name, id, token, holder }: New) {
  const { tenantId } = tenantIn(of);
  const isApp = holder.kind === "app";
  if (isApp && tenantId === ADMINISTRATION) return refuse("NOT_ALLOWED", "The administrators' own tenant has no apps.");
  if (await isNameTaken(given, tenantId, name, id)) {
    return refuse("ALREADY_EXISTS", `name: the tenant has an app or bot of the name ${name} already.`);
  }
  return (await whyNotFree(given, token, holder)) ?? NAMELESS;
}

async function isNameTaken(given: CoreGiven, tenantId: HexId, name: string, id: HexId): Promise<boolean> {
  const of = { tenant: tenantId, owner: tenantId };
  const [apps, bots] = await Promise.all([everyOwned(given, "app", of), everyOwned(given, "bot", of)]);
  const other = (one: { readonly name: string }, oneId: HexId): boolean => one.name === name && oneId !== id;
  return apps.some((app) => other(app, app.appId)) || bots.some((bot) => other(bot, bot.botId));
}

/** The name is taken before anything else: of two changes that are carried out at once one alone gets it. */
async function prepareNew(
  given: CoreGiven,
  { tenantId, name, id, token, holder }: New & { readonly tenantId: HexId },
  by: By,
): Promise<Refusal | undefined> {
  const use = { tenantId, by: "admin:installation", rpc: "name", requestId: name, bodyHash: sha256(utf8(id)) };
  const reserved = await reserve(given, use, {});
  if (isRefusal(reserved)) {
    return reserved.refused === "IDEMPOTENCY_CONFLICT"
      ? refuse("ALREADY_EXISTS", `name: the tenant has an app or bot of the name ${name} already.`)
      : reserved;
  }
  return issueToken(given, token, { holder, tenant: tenantId }, by);
}

function listOf(token: string, now: number): HeldTokens {
  return { listed: [{ id: token, issuedAt: now }] };
}

async function changeBot(
  given: CoreGiven,
  of: Doing,
  botId: HexId,
  by: By,
  change: (bot: Bot) => DirectoryChange<"bot"> | "same",
): Promise<Refusal | undefined> {
  const { tenantId } = tenantIn(of);
  return refusalIn(
    await changeDirectory(given, { key: botKey(tenantId, botId), tenant: tenantId }, by, (bot) =>
      bot === undefined ? unknown("bot_id") : change(bot),
    ),
  );
}

export async function loadApp({ store }: CoreGiven, tenantId: HexId, appId: string): Promise<App | undefined> {
  if (!/^[0-9a-f]{32}$/.test(appId)) return undefined;
  const key = appKey(tenantId, appId);
  return (await store.load(shardOfKey(key), key)).entities[0].body;
}

export async function loadBot({ store }: CoreGiven, tenantId: HexId, botId: string): Promise<Bot | undefined> {
  if (!/^[0-9a-f]{32}$/.test(botId)) return undefined;
  const key = botKey(tenantId, botId);
  return (await store.load(shardOfKey(key), key)).entities[0].body;
}

async function holderOf(
  given: CoreGiven,
  of: Doing,
  holder: HolderRef,
): Promise<{ readonly name: string; readonly tokens: HeldTokens | undefined } | Refusal> {
  if (holder.kind === "admin") {
    const key = adminKey(holder.id);
    const admin = (await given.store.load(shardOfKey(key), key)).entities[0].body;
    if (admin === undefined) return unknown("action.add_token.admin_id");
    if (admin.state !== "ACTIVE") return refuse("STATE_CONFLICT", `${admin.adminId} is ${admin.state}.`);
    return { name: admin.adminId, tokens: admin.tokens };
  }
  const { tenantId } = tenantIn(of);
  const body =
    holder.kind === "app" ? await loadApp(given, tenantId, holder.id) : await loadBot(given, tenantId, holder.id);
  return body === undefined ? unknown(`action.add_token.${holder.kind}_id`) : { name: body.name, tokens: body.tokens };
}

function tokenHolder(of: Doing, holder: HolderRef): TokenHolder {
  switch (holder.kind) {
    case "app":
      return { kind: "app", tenantId: tenantIn(of).tenantId, appId: holder.id };
    case "bot":
      return { kind: "bot", tenantId: tenantIn(of).tenantId, botId: holder.id };
    case "admin":
      return { kind: "admin", adminId: holder.id };
  }
}

function named(body: { readonly name: string } | undefined, field: string): { readonly name: string } | Refusal {
  return body === undefined ? unknown(field) : { name: body.name };
}

export function refusalIn(answer: object | Refusal): Refusal | undefined {
  return isRefusal(answer) ? answer : undefined;
}
