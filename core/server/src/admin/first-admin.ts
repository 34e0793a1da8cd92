// The first administrator of an installation: a one-time token in a file that its owner alone can read.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { CoreGiven } from "../given.ts";
import { administrationKey, tenantKey } from "../identity/entity-key.ts";
import { DEFAULT_POLICY } from "../policy/policy-document.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../store/entity.ts";
import type { Administration } from "./admin.ts";
import { changeDirectory, type By } from "./change-directory.ts";
import { issueToken } from "./token-entity.ts";

/** Beside the secrets, in a folder that is 0700. */
export const FIRST_ADMIN_FILE = "first-admin.token";
/** By which `bootstrap --tenant` means the administrators' own one. */
export const ADMINISTRATION_NAME = "administration";
const ISSUER = "Countersign admin";

const BY: By = { actor: "core", detail: {} };

/**
 * In an installation that never had an administrator: makes the administrators' tenant and the one-time token, and logs
 * where it lies. Later starts remove the file once it was used. Where several cores share a store the first one does it.
 */
export async function ensureFirstAdmin(given: CoreGiven, folder: string): Promise<void> {
  const path = join(folder, FIRST_ADMIN_FILE);
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, administrationKey);
  const known = entities[0].body;
  if (known?.first !== undefined) return rmSync(path, { force: true });
  if (known !== undefined) show(path, known.invitation);
  if (known !== undefined && (existsSync(path) || given.soleCore !== true)) return tell(given, path);
  const tenant = {
    tenantId: ADMINISTRATION,
    name: ADMINISTRATION_NAME,
    issuer: ISSUER,
    policy: DEFAULT_POLICY,
    policyVersion: 1,
  };
  done(
    await changeDirectory(given, { key: tenantKey(ADMINISTRATION), tenant: ADMINISTRATION }, BY, (held) =>
      held === undefined ? { body: tenant, event: "tenant.created", before: "", after: ADMINISTRATION_NAME } : "same",
    ),
  );
  const token = newToken("cs_invite_", given.random);
  const id = tokenId(token);
  const hidden = hiddenPath(path, id);
  if (!canWrite(given, hidden, token)) return;
  const refused = await issueToken(given, id, { holder: { kind: "invitation", adminId: "" }, tenant: "" }, BY);
  if (refused !== undefined) throw new Error(refused.message);
  const made = done(await invite(given, id, known));
  if (made.invitation !== id) return rmSync(hidden, { force: true }); // another core was faster
  show(path, id);
  tell(given, path);
}

/** Where a token lies until it is the one that counts: cores that start together may share the folder. */
function hiddenPath(path: string, invitation: string): string {
  return `${path}.${invitation}`;
}

/** Also what a core left hidden that died when its token began to count. */
function show(path: string, invitation: string): void {
  try {
    renameSync(hiddenPath(path, invitation), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function invite(
  given: CoreGiven,
  invitation: string,
  before: Administration | undefined,
): Promise<Administration | Refusal> {
  return changeDirectory(given, { key: administrationKey, tenant: "" }, BY, (held) => {
    if (held !== undefined && held.invitation !== before?.invitation) return "same";
    const body = { invitation, adminsEver: 0, ownKeyConfirmed: false };
    return { body, event: "administration.opened", before: "", after: "waits for the first administrator" };
  });
}

function tell({ log }: CoreGiven, path: string): void {
  if (!existsSync(path)) return;
  log.info({ path }, "no administrator yet: this file holds the one-time token of the first one");
}

/** A folder that is mounted read-only keeps nobody from serving: the first administrator comes when it can be written. */
function canWrite({ log }: CoreGiven, path: string, token: string): boolean {
  try {
    writeToken(path, token);
    return true;
  } catch (error) {
    const fields = { path, error: error instanceof Error ? error : String(error) };
    log.warn(
      fields,
      "no administrator yet, and the one-time token of the first one cannot be written: make its folder writable once",
    );
    return false;
  }
}

/** Whole or not at all. */
export function writeToken(path: string, token: string): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  const file = openSync(fresh, "wx", 0o600);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

function done<T>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(`the first administrator's token cannot be made: ${answer.message}`);
  return answer;
}
