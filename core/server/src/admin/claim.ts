// An invitation becomes an administrator: his record and his user in one commit.
import type { AdminServiceClaimRequest } from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { userEntryWrite } from "../identity/create-user.ts";
import { administrationKey, adminKey, userKey } from "../identity/entity-key.ts";
import { checkPhrase, checkUserId, readLocale } from "../identity/user-name.ts";
import type { User } from "../identity/user.ts";
import type { Caller } from "../rpc/caller.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { INVITATION_MS, type Admin, type Administration } from "./admin.ts";
import { TWO } from "./action-rule.ts";
import { ADMINS } from "./change-directory.ts";
import { claimedAgain } from "./lost-key-claim.ts";
import { issueToken, readTokenHash } from "./token-entity.ts";

interface Claiming {
  readonly adminId: string;
  readonly token: string;
  readonly phrase: string;
  readonly locale: string;
}

export async function claim(
  given: CoreGiven,
  caller: Caller,
  request: AdminServiceClaimRequest,
): Promise<Admin | Refusal> {
  if (caller.kind !== "invitation") throw new Error(`an invitation was expected, not ${caller.kind}`);
  const claiming = readClaim(caller.adminId, request);
  if (isRefusal(claiming)) return claiming;
  const { adminId, token } = claiming;
  const refusal = await whyNotClaim(given, caller.invitation, claiming);
  if (refusal !== undefined) return refusal;
  const by = { actor: `admin:${adminId}`, detail: {} };
  // It counts once the administrator lists it, so it may come first; a retry finds it.
  const issued = await issueToken(given, token, { holder: { kind: "admin", adminId }, tenant: "" }, by);
  return issued ?? store(given, caller.invitation, claiming);
}

function readClaim(invited: string, request: AdminServiceClaimRequest): Claiming | Refusal {
  const { phrase } = request;
  const adminId = invited === "" ? request.adminId : invited;
  if (checkUserId(adminId) !== undefined) return badInput("admin_id", "must be 1 to 64 of A-Z a-z 0-9 . _ @ + -");
  if (request.adminId !== "" && request.adminId !== adminId) {
    return badInput("admin_id", "the invitation is for another name; leave it empty");
  }
  const token = readTokenHash(request.tokenSha256, "token_sha256");
  if (isRefusal(token)) return token;
  const locale = readLocale(request.locale);
  if (isRefusal(locale)) return locale;
  return checkPhrase(phrase) ?? { adminId, token, phrase, locale };
}

const used = refuse(
  "STATE_CONFLICT",
  "The invitation was used. Ask for another one, and look at who used it: ListAdmins.",
);

const others = refuse(
  "STATE_CONFLICT",
  "Another one became the second administrator meanwhile, who has to agree to the third: ask for another invitation.",
);

/** Asked first, so that who comes with a used one makes nothing. */
async function whyNotClaim(given: CoreGiven, invitation: string, claiming: Claiming): Promise<Refusal | undefined> {
  const { adminId, token } = claiming;
  const names = [administrationKey, adminKey(adminId), userKey(ADMINISTRATION, adminId)] as const;
  const { entities, now } = await given.store.load(ADMINISTRATION_SHARD, ...names);
  const [{ body: administration }, { body: held }, { body: user }] = entities;
  if (administration === undefined) return used;
  const again = held && claimedAgain(held, user, { invitation, token }, now);
  if (again !== undefined) return isRefusal(again) ? again : undefined;
  if (held?.claimed === true) return held.tokens.listed.some(({ id }) => id === token) ? undefined : used;
  const body = claimed(administration, held, { invitation, claiming }, now);
  return isRefusal(body) ? body : undefined;
}

function store(given: CoreGiven, invitation: string, claiming: Claiming): Promise<Admin | Refusal> {
  const { adminId, token } = claiming;
  const names = [administrationKey, adminKey(adminId), userKey(ADMINISTRATION, adminId)] as const;
  return untilSettled(async (): Promise<Admin | Refusal | undefined> => {
    const { entities, epoch, now } = await given.store.load(ADMINISTRATION_SHARD, ...names);
    const [whole, held, user] = entities;
    const { body: administration } = whole;
    if (administration === undefined) return used;
    const again = held.body && claimedAgain(held.body, user.body, { invitation, token }, now);
    if (again !== undefined) return isRefusal(again) ? again : storeAgain(given, { epoch, held, body: again });
    if (held.body?.claimed === true) return held.body.tokens.listed.some(({ id }) => id === token) ? held.body : used;
    const body = claimed(administration, held.body, { invitation, claiming }, now);
    if (isRefusal(body)) return body;
    const newUser = userOf(claiming, now);
    const first = administration.first ?? adminId;
    const writes: AnyWrite[] = [
      {
        key: whole.key,
        expected: whole.version,
        body: { ...administration, first, adminsEver: administration.adminsEver + 1 },
      },
      { key: held.key, expected: held.version, body, index: { owner: ADMINS, sort: body.createdAt } },
      { key: user.key, expected: user.version, body: newUser },
      userEntryWrite(newUser),
    ];
    const detail = { role: body.role, before: held.body?.state ?? "", after: "ACTIVE" };
    const actor = `admin:${adminId}`;
    const audit = [{ event: "admin.claimed", tenant: body.tenantId, actor, subject: actor, detail }] as const;
    const outcome = await commitOnce(given, ADMINISTRATION_SHARD, { epoch, writes, audit });
    return outcome === "committed" ? body : undefined;
  });
}

/** His user stays as he is: what his new key may do, his recovery says. */
async function storeAgain(
  given: CoreGiven,
  { epoch, held, body }: { readonly epoch: number; readonly held: LoadedEntity<"admin">; readonly body: Admin },
): Promise<Admin | undefined> {
  const actor = `admin:${body.adminId}`;
  const detail = { role: body.role, before: listedBy(held.body), after: listedBy(body) };
  const outcome = await commitOnce(given, ADMINISTRATION_SHARD, {
    epoch,
    writes: [{ key: held.key, expected: held.version, body, index: { owner: ADMINS, sort: body.createdAt } }],
    audit: [{ event: "admin.claimed-again", tenant: body.tenantId, actor, subject: actor, detail }],
  });
  return outcome === "committed" ? body : undefined;
}

function listedBy(admin: Admin | undefined): string {
  return `${admin?.tokens.listed.length ?? 0} listed`;
}

/** The first one is an owner; the others are what they were invited as. */
function claimed(
  administration: Administration,
  held: Admin | undefined,
  { invitation, claiming }: { readonly invitation: string; readonly claiming: Claiming },
  now: UnixMs,
): Admin | Refusal {
  const { adminId, token } = claiming;
  const tokens = { listed: [{ id: token, issuedAt: now }] };
  const own = { state: "ACTIVE", claimed: true, tokens } as const;
  if (administration.invitation === invitation) {
    const isFree = administration.first === undefined && held === undefined;
    return isFree ? { adminId, role: "owner", tenantId: "", createdAt: now, ...own } : used;
  }
  const isOpen = held?.state === "INVITED" && held.invitation?.id === invitation && now < held.invitation.until;
  if (!isOpen || isOfBefore(administration, held.invitation.until)) return used;
  // Of several that the first one invited while he was alone, one is the second administrator ever.
  return held.invitation.alone === true && administration.adminsEver >= TWO ? others : { ...held, ...own };
}

/** Invited by who was put out by a reset since; before there is a new first one all are. */
function isOfBefore({ first, reset }: Administration, until: UnixMs): boolean {
  return first === undefined || (reset !== undefined && until <= reset.at + INVITATION_MS);
}

function userOf({ adminId, phrase, locale }: Claiming, now: UnixMs): User {
  return {
    ...{ tenantId: ADMINISTRATION, userId: adminId, phrase, locale, state: "ACTIVE", createdAt: now },
    ...{ keyIds: [], linkIds: [], open: [], prompts: [], wrongInARow: 0, thaw: undefined, thaws: [] },
  };
}
