import { isCoreKind, Kind, kindName, Mode, type Field, type Line } from "@countersign/protocol";
import type { Key } from "../identity/key.ts";
import type { Link } from "../identity/link.ts";
import type { Tenant } from "../identity/tenant.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import { approvalFor } from "./approver-rule.ts";
import { LEAST_ASSURANCE, stricter, type Assurance } from "./assurance.ts";
import { canShow, type Unshowable } from "./can-show.ts";
import { channelRefusal } from "./channel-refusal.ts";
import { isBiometricModel, whyModelIsRefused } from "./key-model.ts";
import type { FrozenPolicy, Policy } from "./policy.ts";
import { amountBeyond, amountsOf, isHighValue } from "./value-class.ts";

/** What a transaction asks for, and what its user has. */
export interface Asked {
  readonly kind: Kind;
  readonly fields: readonly Field[];
  /** Rendered; each key must be able to show them. */
  readonly lines: readonly Line[];
  /** All of the user's, whatever their state. */
  readonly keys: readonly Key[];
  /** A wish: those of them that may sign; absent: all. It picks no weaker mode than all of them would have. */
  readonly keyIds?: readonly HexId[] | undefined;
  /** The user's, in his order. */
  readonly links: readonly Link[];
  /** A wish: makes the answer stricter or changes nothing. */
  readonly modeHint: Mode | undefined;
  /** A wish, milliseconds: makes the answer shorter or changes nothing. */
  readonly lifetimeMs: number | undefined;
  /** A wish: a stricter one than the policy's counts, a weaker one changes nothing. */
  readonly assuranceHint?: Assurance | undefined;
  readonly now: UnixMs;
}

/** What is frozen into the transaction. */
export interface Evaluation {
  readonly frozen: FrozenPolicy;
  readonly mode: Mode;
  /** Not empty. */
  readonly keyIds: HexId[];
  readonly lifetimeMs: number;
}

const HARD_LIFETIME_MS = 600_000;
const SHORTEST_LIFETIME_MS = 10_000;

/**
 * Applies the tenant's policy at Create. Pure; hints never make the answer weaker. A THAW passes holds, pauses and limits,
 * so that a user can always free himself.
 */
export function evaluatePolicy(tenant: Pick<Tenant, "policy" | "policyVersion">, asked: Asked): Evaluation | Refusal {
  const { policy } = tenant;
  if (!isCoreKind(asked.kind) && !policy.kinds.includes(asked.kind)) {
    return badInput("kind", `the policy does not allow ${kindName(asked.kind)}`);
  }
  const amounts = amountsOf(asked.fields);
  const highValue = isHighValue(amounts, policy.highValue);
  const signing = signingKeys(policy, asked, highValue);
  if (isRefusal(signing)) return signing;
  const { mode, keys } = signing;
  const beyond = mode === Mode.CHAT_SHOWS ? amountBeyond(amounts, policy.modeCLimit) : undefined;
  if (beyond !== undefined) {
    return refuse("POLICY_UNMET", `${beyond.currency}: above what the chat alone may show; use a key with a display`);
  }
  const approval = approvalFor(policy, asked.kind, amounts);
  const frozen = { ...freeze(tenant, highValue, asked.assuranceHint), ...(approval === undefined ? {} : { approval }) };
  const unreachable = channelRefusal(asked, frozen);
  if (unreachable !== undefined) return unreachable;
  const lifetimeMs = lifetimeOf(policy, asked, mode);
  if (isRefusal(lifetimeMs)) return lifetimeMs;
  return { frozen, mode, keyIds: keys.map(({ keyId }) => keyId), lifetimeMs };
}

interface Usable {
  readonly key: Key;
  readonly mode: Mode;
}

/** Malware that names the one key without a display must not get the mode that shows nothing on a key. */
function signingKeys(policy: Policy, asked: Asked, highValue: boolean): { mode: Mode; keys: Key[] } | Refusal {
  const { keys, keyIds } = asked;
  const wanted = keyIds === undefined ? keys : keys.filter(({ keyId }) => keyIds.includes(keyId));
  const usable = usableKeys(policy, { ...asked, keys: wanted }, highValue);
  if (isRefusal(usable)) return usable;
  const found = strongest(usable);
  const all = usableKeys(policy, asked, highValue);
  // That none of all can show it is no reason to take one that shows nothing.
  if (isRefusal(all)) return all;
  if (STRENGTH[strongest(all).mode] <= STRENGTH[found.mode]) return found;
  return refuse("POLICY_UNMET", "key_ids: the user has a key for a stronger mode than these. Name that one, or none.");
}

/** Keys that may sign this, each with the mode it would be signed in; or why there is none. */
function usableKeys(policy: Policy, asked: Asked, highValue: boolean): Usable[] | Refusal {
  const active = asked.keys.filter(({ state }) => state === "ACTIVE");
  if (active.length === 0) return refuse("KEY_NOT_ACCEPTED", "key_ids: the user has no active key. Enrol one first.");
  const refused = active.map((key) => whyModelIsRefused(policy, key));
  const trusted = active.filter((_key, i) => refused[i] === undefined);
  if (trusted.length === 0) return refuse("KEY_NOT_ACCEPTED", `key_ids: ${refused[0]}`);
  const fit = policy.userVerification === "pin" ? trusted : trusted.filter((key) => isBiometricModel(policy, key));
  if (fit.length === 0) {
    return refuse(
      "POLICY_UNMET",
      "key_ids: the policy wants a finger, and no key is of an attested model that knows one",
    );
  }
  const free = fit.filter(({ heldUntil }) => !highValue || heldUntil <= asked.now);
  if (free.length === 0) {
    const wait = Math.min(...fit.map(({ heldUntil }) => heldUntil)) - asked.now;
    return refuse("POLICY_UNMET", "The key is new: not for high value yet.", { retryAfterMs: wait });
  }
  const withMode = free.flatMap((key): Usable[] => {
    const mode = modeFor(policy, key, asked.modeHint);
    return mode === undefined ? [] : [{ key, mode }];
  });
  if (withMode.length > 0) return ableKeys(withMode, asked.lines);
  return refuse("POLICY_UNMET", "mode: no key of the user can be used in a mode that the policy and the hint allow");
}

/**
 * Of the keys for the strongest mode those that can show it. The mode comes first: a letter that the user's display lacks
 * must not hand malware the key that shows nothing.
 */
function ableKeys(usable: readonly Usable[], lines: readonly Line[]): Usable[] | Refusal {
  const { mode } = strongest(usable);
  const best = usable.filter((one) => one.mode === mode);
  const found = best.map(({ key }) => canShow(key, lines));
  const able = best.filter((_one, i) => found[i] === undefined);
  return able.length > 0 ? able : unshowable(found);
}

function unshowable(found: readonly (Unshowable | undefined)[]): Refusal {
  const [first] = found.filter((one) => one !== undefined);
  return badInput(first?.field ?? "fields", first?.rule ?? "the key cannot show it");
}

/** B needs two agreeing views, A the key's own, C the chat's alone. */
const STRENGTH: Readonly<Record<Mode, number>> = { B: 3, A: 2, C: 1 };

function modeFor(policy: Policy, key: Key, hint: Mode | undefined): Mode | undefined {
  const own: Mode = key.hasDisplay ? policy.displayMode : Mode.CHAT_SHOWS;
  if (hint === undefined || STRENGTH[hint] <= STRENGTH[own]) return policy.modes.includes(own) ? own : undefined;
  // Stricter than what this key does by itself: only with a display, and only if the policy has that mode at all.
  if (!key.hasDisplay) return undefined;
  if (policy.modes.includes(hint)) return hint;
  return policy.modes.includes(own) ? own : undefined;
}

/** One mode a transaction: the strongest that a key offers, with the keys that offer it. */
function strongest(usable: readonly Usable[]): { mode: Mode; keys: Key[] } {
  const mode = usable.map((one) => one.mode).reduce((best, one) => (STRENGTH[one] > STRENGTH[best] ? one : best));
  return { mode, keys: usable.filter((one) => one.mode === mode).map(({ key }) => key) };
}

function freeze(
  { policy, policyVersion }: Pick<Tenant, "policy" | "policyVersion">,
  highValue: boolean,
  hint: Assurance = LEAST_ASSURANCE,
): FrozenPolicy {
  return {
    policyVersion,
    digits: highValue ? Math.max(policy.digits, policy.highValueDigits) : policy.digits,
    tries: policy.tries,
    claimByMs: policy.claimByS * 1000,
    resends: policy.resends,
    resendAfterMs: policy.resendAfterS * 1000,
    channelTimeoutMs: policy.channelTimeoutS * 1000,
    unansweredPause: policy.unansweredPause,
    holdMs: policy.holdHours * 3_600_000,
    channels: policy.channels,
    assurance: stricter(assuranceFor(policy, highValue), hint),
    userVerification: policy.userVerification,
    biometricModels: policy.biometricModels ?? [],
    origins: policy.webauthn?.origins ?? [],
    wrongCodesInARow: policy.wrongCodesInARow,
    highValue,
  };
}

/** High value never asks for less than everything else does. */
function assuranceFor(
  { assurance = LEAST_ASSURANCE, highValueAssurance = "medium" }: Policy,
  highValue: boolean,
): Assurance {
  return highValue ? stricter(highValueAssurance, assurance) : assurance;
}

function lifetimeOf(policy: Policy, { lines, lifetimeMs }: Asked, mode: Mode): number | Refusal {
  const pages = mode === Mode.CHAT_SHOWS ? 0 : lines.length;
  const most = Math.min((policy.lifetimeS + pages * policy.lifetimePerPageS) * 1000, HARD_LIFETIME_MS);
  if (lifetimeMs === undefined) return most;
  if (lifetimeMs < SHORTEST_LIFETIME_MS)
    return badInput("lifetime", "must be at least 10 s: a person has to read and type");
  return Math.min(lifetimeMs, most);
}
