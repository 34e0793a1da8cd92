// Pure: sessions of pages among the tokens of an administrator. docs/decisions/0029-console-and-login.md
import { Label, sha256, toHex, utf8, type Field } from "@countersign/protocol";
import { openOf, type HeldToken, type HeldTokens } from "../identity/held-token.ts";
import { adminKey } from "../identity/entity-key.ts";
import type { User } from "../identity/user.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, LoadedEntity } from "../store/store.ts";
import { ADMINS } from "./change-directory.ts";

/** A working day; nothing makes it longer. */
export const SESSION_MS = 28_800_000;

/** Of one administrator at a time: one more ends the oldest. */
export const MOST_SESSIONS = 4;

const FINGERPRINT_PREFIX = utf8("countersign/login/v1\0");

/** What page and key both show of a session: 64 bits of the hash of its token's hash, in groups of four. */
export function fingerprintOfSession(tokenSha256: Uint8Array): string {
  const digits = toHex(sha256(FINGERPRINT_PREFIX, tokenSha256)).slice(0, 16).toUpperCase();
  return (digits.match(/.{4}/g) ?? []).join("-");
}

/** What the administrator is asked to sign. */
export function loginFields(tokenSha256: Uint8Array, until: UnixMs): readonly Field[] {
  const [day = "", time = ""] = new Date(until).toISOString().split("T");
  return [
    text(Label.TARGET, "Administrators' console"),
    text(Label.DETAIL_1, `Session ${fingerprintOfSession(tokenSha256)}`),
    text(Label.DETAIL_2, `Ends ${day} ${time.slice(0, 5)} UTC`),
  ];
}

/** The administrator with one more session; the very same tokens where it counts already. */
export function withSession(
  held: HeldTokens,
  session: Required<Pick<HeldToken, "id" | "until">>,
  now: UnixMs,
): HeldTokens {
  if (held.listed.some(({ id }) => id === session.id)) return held;
  const open = openOf(held, now);
  const sessions = open.filter((one) => one.session === true);
  const gone = new Set(sessions.slice(0, Math.max(0, sessions.length + 1 - MOST_SESSIONS)));
  const added: HeldToken = { ...session, issuedAt: now, session: true };
  return { ...held, listed: [...open.filter((one) => !gone.has(one)), added] };
}

/**
 * Whether it opens anything while its administrator's user stands so. Frozen, blocked or suspended: none does, and those of
 * before do not come back with him.
 */
export function sessionStands({ issuedAt }: HeldToken, user: Pick<User, "state" | "stoppedAt"> | undefined): boolean {
  return user?.state === "ACTIVE" && (user.stoppedAt === undefined || issuedAt > user.stoppedAt);
}

/** What an accepted LOGIN writes: nothing for who is no administrator any more. */
export function sessionWrites(
  loaded: LoadedEntity<"admin"> | undefined,
  { token, until }: { readonly token: string; readonly until: UnixMs },
  now: UnixMs,
): AnyWrite[] {
  const before = loaded?.body;
  if (loaded === undefined || before?.state !== "ACTIVE" || until <= now) return [];
  const tokens = withSession(before.tokens, { id: token, until }, now);
  if (tokens === before.tokens) return [];
  const body = { ...before, tokens };
  const index = { owner: ADMINS, sort: before.createdAt };
  return [{ key: adminKey(before.adminId), expected: loaded.version, body, index }];
}

/** How the audit tells that a commit began a session. */
export function auditOfSession(writes: readonly AnyWrite[]): AuditDraft[] {
  return writes.flatMap((write) => {
    if (write.key.type !== "admin" || write.body === undefined) return [];
    const { adminId, tenantId: tenant, tokens } = write.body as NonNullable<LoadedEntity<"admin">["body"]>;
    const { until = 0 } = tokens.listed.at(-1) ?? {};
    const detail = { until, before: "", after: "ACTIVE" };
    return [{ event: "session.begun", tenant, actor: `admin:${adminId}`, subject: `admin:${adminId}`, detail }];
  });
}

function text(label: Label, value: string): Field {
  return { label, value: { type: "text", text: value } };
}
