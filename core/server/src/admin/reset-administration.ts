// The last way back in, offline: whoever holds the secrets of the installation makes a first administrator anew. On a data
// folder its lock proves that no core runs; over a shared store every core believes it within a second.
import { join } from "node:path";
import { ConfigError, type CoreConfig } from "../config.ts";
import type { CoreGiven } from "../given.ts";
import { administrationKey } from "../identity/entity-key.ts";
import { openLog } from "../log.ts";
import { openStorage } from "../open-storage.ts";
import { RandomPool } from "../random-pool.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION_SHARD, type UnixMs } from "../store/entity.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import type { Administration } from "./admin.ts";
import { setAdminState } from "./admin-state.ts";
import { ADMINS, changeDirectory, type By } from "./change-directory.ts";
import { FIRST_ADMIN_FILE, writeToken } from "./first-admin.ts";
import { issueToken } from "./token-entity.ts";

export type ResetOptions = Pick<CoreConfig, "data" | "secrets" | "store" | "development">;

/** What was done; the token is in the file alone. */
export interface Reset {
  /** Holds the one-time token of the new first administrator, who takes a name that nobody had. */
  readonly tokenFile: string;
  /** Were active or invited: their tokens, and what their keys sign, count no more until enable_admin. */
  readonly disabled: readonly string[];
  /** Who was first before. */
  readonly first: string;
  readonly audited: readonly string[];
}

const BY: By = { actor: "offline", detail: { by: "reset-administration" } };

/** Doing it again makes another token in the place of the last one. */
export async function resetAdministration(options: ResetOptions): Promise<Reset> {
  const log = openLog("warn");
  const { secrets, store } = await openStorage(options, { log });
  const { serverId } = secrets;
  const given: CoreGiven = { store, secrets, serverId, random: new RandomPool(), log, development: false };
  try {
    const { entities } = await store.load(ADMINISTRATION_SHARD, administrationKey);
    const before = entities[0].body;
    if (before === undefined) throw new ConfigError("there never was an administrator here: start a core, and claim");
    const ever = (before.reset?.before ?? 0) + before.adminsEver;
    const disabled = await disableAll(given, ever);
    const tokenFile = await invite(given, join(options.secrets, FIRST_ADMIN_FILE), ever);
    const audited = [...disabled.map(() => "admin.disabled"), "token.issued", "administration.reset"];
    return { tokenFile, disabled, first: before.first ?? "", audited };
  } finally {
    await store.close();
  }
}

/** Some tens of people. */
const MOST = 1000;

/** Lists are found by what whoever writes to the store can hide; he cannot put it back later as if nobody had been missed. */
async function disableAll(given: CoreGiven, ever: number): Promise<string[]> {
  const keys = await given.store.list(ADMINISTRATION_SHARD, "admin", ADMINS, { tenant: "", limit: MOST });
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, ...keys);
  const found = entities.filter(({ body }) => body?.claimed === true).length;
  if (found < ever) {
    const why = `the store lists ${found} of at least ${ever} administrators: it was altered`;
    throw new ConfigError(`${why}. Run verify-audit, restore a backup, and run this again`);
  }
  const names = entities.flatMap(({ body }) => (body === undefined || body.state === "DISABLED" ? [] : [body.adminId]));
  for (const name of names) done(await setAdminState(given, name, "disabled", BY));
  return names.toSorted();
}

/** As when the installation was new: the one who comes is alone until he has a second one. */
async function invite(given: CoreGiven, path: string, ever: number): Promise<string> {
  const token = newToken("cs_invite_", given.random);
  const invitation = tokenId(token);
  writeToken(path, token);
  done((await issueToken(given, invitation, { holder: { kind: "invitation", adminId: "" }, tenant: "" }, BY)) ?? true);
  const fresh = { invitation, adminsEver: 0, ownKeyConfirmed: false };
  const bodyAt = (at: UnixMs): Administration => ({ ...fresh, reset: { at, before: ever } });
  done(
    await changeDirectory(given, { key: administrationKey, tenant: "" }, BY, (held, now) => ({
      ...{ body: bodyAt(now), event: "administration.reset", before: held?.first ?? "" },
      after: "waits for the first administrator",
    })),
  );
  return path;
}

function done<T>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(`${answer.message} Run reset-administration again.`);
  return answer;
}
