// Makes a tenant with its apps and bots, offline: the data folder's lock proves that no core runs on it. Tokens are written
// to files that their owner alone can read, and printed nowhere.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { checkIssuer, checkSafeText, toHex } from "@countersign/protocol";
import { ADMINISTRATION_NAME } from "./admin/first-admin.ts";
import type { BootstrapOptions } from "./bootstrap-options.ts";
import { ConfigError } from "./config.ts";
import { addFidoRoots, readFidoMetadata } from "./fido/metadata.ts";
import { appKey, botKey, tenantKey, tokenKey } from "./identity/entity-key.ts";
import type { App, Bot, Tenant, TokenHolder } from "./identity/tenant.ts";
import { unknownApprover } from "./approval/unknown-approver.ts";
import { adviceOn } from "./policy/advice.ts";
import { DEFAULT_POLICY } from "./policy/policy-document.ts";
import type { Policy } from "./policy/policy.ts";
import { openLog } from "./log.ts";
import { newToken, tokenId } from "./rpc/token.ts";
import { openStorage } from "./open-storage.ts";
import { ADMINISTRATION, shardOfKey, SHARDS, type Bodies, type EntityKey, type HexId } from "./store/entity.ts";
import type { AnyWrite, AuditDraft, Store } from "./store/store.ts";

/** What was made: paths of token files by name, never the tokens. */
export interface Bootstrapped {
  readonly tenantId: HexId;
  readonly serverId: HexId;
  /** Hexadecimal COSE_Key, to be pinned by clients. */
  readonly corePublicKey: string;
  readonly tokens: Readonly<Record<string, string>>;
  /** What its administrator should know about the policy now in force. */
  readonly advice: readonly string[];
}

/** Makes what does not exist yet. A tenant of this name gets further apps and bots, and the policy if one is given. */
export async function bootstrap(given: BootstrapOptions): Promise<Bootstrapped> {
  checkNames(given);
  const options = await withFidoRoots(given);
  const { development = false } = options;
  const storage = { createShared: true, log: openLog("warn") };
  const { secrets, store } = await openStorage({ ...options, development }, storage);
  try {
    const { tenantId, policy } = await ensureTenant(store, options);
    await refuseKnownNames(store, tenantId, options);
    const tokens: Record<string, string> = {};
    for (const { name, scope } of options.apps) {
      const app: App = { appId: newId(), tenantId, name, scope, disabled: false };
      tokens[name] = await makeHolder(store, appKey(tenantId, app.appId), app, options.out);
    }
    for (const { name, platform } of options.bots) {
      const bot: Bot = { botId: newId(), tenantId, name, platform, disabled: false, deepLink: "" };
      tokens[name] = await makeHolder(store, botKey(tenantId, bot.botId), bot, options.out);
    }
    const { serverId, publicKey } = secrets;
    const advice = [...adviceOn(policy), ...(await adviceOnApprovers(store, tenantId, policy))];
    return { tenantId, serverId, corePublicKey: toHex(publicKey), tokens, advice };
  } finally {
    await store.close();
  }
}

function checkNames({ tenant, issuer, apps }: BootstrapOptions): void {
  if (tenant === ADMINISTRATION_NAME && apps.length > 0) {
    throw new ConfigError(`--app: ${tenant} is the administrators' own tenant, and no program acts in it`);
  }
  try {
    checkSafeText(tenant, { maxCodePoints: 64, field: "--tenant" });
    checkIssuer(issuer, "--issuer");
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

/** The policy with the roots of those models that it names. */
async function withFidoRoots(options: BootstrapOptions): Promise<BootstrapOptions> {
  const { policy, fidoMetadata: path } = options;
  if (policy === undefined || path === undefined) return options;
  try {
    return { ...options, policy: addFidoRoots(policy, await readFidoMetadata(readFileSync(path, "utf8"))) };
  } catch (error) {
    throw new ConfigError(`--fido-metadata: ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function ensureTenant(store: Store, { tenant: name, issuer, policy }: BootstrapOptions): Promise<Tenant> {
  const tenants = await everywhere(store, "tenant", "", INSTALLATION);
  const known = tenants.find((one) => one.name === name);
  if (known === undefined) {
    if (tenants.some((one) => one.issuer === issuer)) {
      throw new ConfigError(`--issuer: ${issuer} is the name of another tenant; every display would show both alike`);
    }
    const tenantId = name === ADMINISTRATION_NAME ? ADMINISTRATION : newId();
    const made = { tenantId, name, issuer, policy: policy ?? DEFAULT_POLICY, policyVersion: 1 };
    await writeTenant(store, made, "tenant.created");
    return made;
  }
  if (known.issuer !== issuer) throw new ConfigError(`--issuer: tenant ${name} is shown as ${known.issuer}`);
  if (policy === undefined) return known;
  const stranger = await unknownApprover(store, known.tenantId, policy);
  if (stranger !== undefined) {
    throw new ConfigError(
      `--policy: ${stranger.place}: tenant ${name} has no user ${stranger.userId}; create him first`,
    );
  }
  const changed = { ...known, policy, policyVersion: known.policyVersion + 1 };
  await writeTenant(store, changed, "policy.changed");
  return changed;
}

/** A new tenant has no users yet: until they are there, nothing is created that they would have to approve. */
async function adviceOnApprovers(store: Store, tenantId: HexId, policy: Policy): Promise<string[]> {
  const stranger = await unknownApprover(store, tenantId, policy);
  if (stranger === undefined) return [];
  const { place, userId } = stranger;
  return [`${place}: there is no user ${userId} yet. Create him: what too few could approve is refused until then.`];
}

async function writeTenant(store: Store, body: Tenant, event: string): Promise<void> {
  const key = tenantKey(body.tenantId);
  const expected = (await store.load(shardOfKey(key), key)).entities[0].version;
  const detail = { name: body.name, issuer: body.issuer, policyVersion: body.policyVersion };
  await commit(store, { key, expected, body, index: { owner: INSTALLATION } }, event, body.tenantId, detail);
}

async function refuseKnownNames(store: Store, tenantId: HexId, { apps, bots }: BootstrapOptions): Promise<void> {
  const known = [
    ...(await everywhere(store, "app", tenantId, tenantId)),
    ...(await everywhere(store, "bot", tenantId, tenantId)),
  ];
  const taken = [...apps, ...bots].find((one) => known.some((other) => other.name === one.name));
  if (taken !== undefined) throw new ConfigError(`${taken.name}: this tenant has an app or bot of that name already`);
}

/** Stores an app or bot and its token's hash; returns the path of the token's file. */
async function makeHolder(
  store: Store,
  key: EntityKey<"app"> | EntityKey<"bot">,
  body: App | Bot,
  out: string,
): Promise<string> {
  const { tenantId, name } = body;
  const token = newToken(key.type === "app" ? "cs_app_" : "cs_bot_", { bytes: draw });
  const path = writeToken(out, name, token);
  const holder: TokenHolder =
    "appId" in body
      ? { kind: "app", tenantId, appId: body.appId, listed: true }
      : { kind: "bot", tenantId, botId: body.botId, listed: true };
  const index = { owner: tenantId };
  try {
    const tokens = { listed: [{ id: tokenId(token), issuedAt: store.now() }] };
    const write = { key, expected: "", body: { ...body, tokens }, index } as AnyWrite;
    await commit(store, write, `${key.type}.created`, tenantId, { name });
    const issued: AnyWrite = { key: tokenKey(tokenId(token)), expected: "", body: holder };
    await commit(store, issued, "token.issued", tenantId, { [key.type]: key.id });
    return path;
  } catch (error) {
    // A token that nothing was stored for is worth nothing.
    rmSync(path, { force: true });
    throw error;
  }
}

async function commit(
  store: Store,
  write: AnyWrite,
  event: string,
  tenant: HexId,
  detail: AuditDraft["detail"],
): Promise<void> {
  const shard = shardOfKey(write.key);
  const { epoch } = await store.load(shard);
  // A token is named by its hash, which opens nothing.
  const subject = `${write.key.type}:${write.key.id}`;
  const audit = [{ event, tenant, actor: "admin", subject, detail }] as const;
  const outcome = await store.commit(shard, { changeId: newId(), epoch, writes: [write], audit });
  if (outcome !== "committed") throw new Error(`${event}: the store answered ${outcome}; run bootstrap again`);
}

const INSTALLATION = "installation";
const MOST_A_SHARD = 1000;

/** All entities of an owner, over all shards: offline there is time. */
async function everywhere<T extends "tenant" | "app" | "bot">(
  store: Store,
  type: T,
  tenant: string,
  owner: string,
): Promise<Bodies[T][]> {
  const found: Bodies[T][] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    const keys = await store.list(shard, type, owner, { tenant, limit: MOST_A_SHARD });
    if (keys.length === 0) continue;
    const { entities } = await store.load(shard, ...keys);
    for (const { body } of entities) if (body !== undefined) found.push(body);
  }
  return found;
}

function writeToken(out: string, name: string, token: string): string {
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const path = join(out, `${name}.token`);
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    throw new ConfigError(`--out: ${path} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  }
  writeSync(file, `${token}\n`);
  fsyncSync(file);
  closeSync(file);
  return path;
}

function draw(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

function newId(): HexId {
  return toHex(draw(16));
}
