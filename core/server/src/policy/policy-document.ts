// The policy of a tenant as a JSON file: every member optional, every value within its hard limit, nothing unknown.
// docs/protocol/policy.md
import { fromHex, importPublicKey, isCoreKind, isKind, Kind } from "@countersign/protocol";
import * as v from "valibot";
import { aaguid, fidoRoot, webauthn } from "./fido-document.ts";
import { hiddenRule } from "./approver-rule.ts";
import { listOf } from "./list-of.ts";
import { ASSURANCES, isAtLeast, stricter } from "./assurance.ts";
import type { Policy } from "./policy.ts";

/** The document breaks rules; `issues` names each member and its rule. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly issues: readonly string[];
  constructor(issues: readonly string[]) {
    super(`the policy is refused:\n${issues.map((issue) => `  ${issue}`).join("\n")}`);
    this.issues = issues;
  }
}

const whole = (least: number, most: number): v.GenericSchema<number> =>
  v.pipe(
    v.number(`must be a number from ${least} to ${most}`),
    v.integer(`must be a whole number from ${least} to ${most}`),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );

function several<T>(item: v.GenericSchema<unknown, T>, least: number): v.GenericSchema<unknown, T[]> {
  return v.pipe(listOf(item, 64), v.minLength(least, `must name at least ${least}`));
}

function oneOf<const T extends string>(names: readonly T[]): v.GenericSchema<unknown, T> {
  return v.picklist(names, `must be one of ${names.join(", ")}`);
}

function distinct<T>(item: v.GenericSchema<unknown, T>, least: number): v.GenericSchema<unknown, T[]> {
  return v.pipe(
    several(item, least),
    v.check((names) => new Set(names).size === names.length, "must not name one twice"),
  );
}

const amountLimit = v.strictObject({
  currency: v.pipe(v.string(), v.regex(/^[A-Z0-9]{3,8}$/, "must be a currency such as EUR")),
  minorUnits: v.pipe(
    v.string("must be a string of digits: 125000 is EUR 1 250.00"),
    v.regex(/^(0|[1-9][0-9]{0,29})$/, "must be at most 30 digits without sign or leading zero"),
    v.transform((digits): bigint => BigInt(digits)),
  ),
});
const amountLimits = v.pipe(
  several(amountLimit, 0),
  v.check((all) => new Set(all.map(({ currency }) => currency)).size === all.length, "must name a currency once"),
);

const deviceModel = v.pipe(
  v.string(),
  v.regex(/^[!-~](?:[ -~]{0,30}[!-~])?$/, "must be 1 to 32 printable ASCII characters"),
);

const attestationKey = v.strictObject({
  model: deviceModel,
  publicKey: v.pipe(
    v.string(),
    v.regex(/^[0-9a-f]*$/, "must be lower-case hexadecimal digits"),
    v.check(isCoseKey, "must be the COSE_Key of an ES256 key"),
    v.transform((hex): Uint8Array => fromHex(hex)),
  ),
});

const APP_KINDS = Object.entries(Kind)
  .filter(([, kind]) => !isCoreKind(kind))
  .map(([name]) => name);
const kind = v.pipe(oneOf(APP_KINDS), v.transform(kindOfName));

const platform = oneOf(["telegram", "matrix", "mail", "sms", "sandbox"]);

const adminApprovals = v.pipe(
  v.strictObject({
    low: v.optional(whole(1, 5), 1),
    medium: v.optional(whole(1, 5), 1),
    high: v.optional(whole(1, 5), 2),
  }),
  v.check(({ low, medium, high }) => low <= medium && medium <= high, "low, medium and high must not fall"),
);

const approverRule = v.pipe(
  v.strictObject({
    kinds: v.optional(distinct(kind, 0), []),
    from: v.optional(amountLimits, []),
    users: v.pipe(
      distinct(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._@+-]{1,64}$/, "must be the name of a user")), 1),
      v.maxLength(10, "must name at most 10"),
    ),
    needed: whole(1, 10),
    withinHours: v.optional(whole(1, 168), 72),
  }),
  v.forward(
    v.check(({ users, needed }) => needed <= users.length, "must not be more than there are users"),
    ["needed"],
  ),
);
const approvers = v.pipe(
  listOf(approverRule, 16),
  v.rawCheck(({ dataset, addIssue }) => {
    const hidden = dataset.typed ? hiddenRule(dataset.value) : undefined;
    if (hidden === undefined) return;
    addIssue({ message: `rule ${hidden} needs more people than one before it: the first that matches decides` });
  }),
);

const entries = {
  digits: v.optional(whole(6, 10), 6),
  highValue: v.optional(amountLimits, []),
  highValueDigits: v.optional(whole(8, 10), 8),
  lifetimeS: v.optional(whole(30, 600), 120),
  lifetimePerPageS: v.optional(whole(0, 60), 5),
  tries: v.optional(whole(1, 5), 3),
  claimByS: v.optional(whole(1, 3600), 600),
  modes: v.optional(distinct(oneOf(["A", "B", "C"]), 1), ["A", "B", "C"]),
  displayMode: v.optional(oneOf(["A", "B"]), "B"),
  modeCLimit: v.optional(amountLimits, []),
  channels: v.optional(distinct(platform, 1), ["telegram", "matrix", "sandbox"]),
  assurance: v.optional(oneOf(ASSURANCES), "low"),
  highValueAssurance: v.optional(oneOf(ASSURANCES)),
  keyModels: v.optional(distinct(deviceModel, 0), ["emulator"]),
  userVerification: v.optional(oneOf(["pin", "biometric"]), "pin"),
  wrongCodesInARow: v.optional(whole(1, 5), 5),
  openPerUser: v.optional(whole(1, 5), 5),
  promptsPerMinute: v.optional(whole(1, 5), 5),
  resends: v.optional(whole(0, 3), 3),
  resendAfterS: v.optional(whole(60, 600), 60),
  channelTimeoutS: v.optional(whole(5, 300), 30),
  unansweredPause: v.optional(whole(1, 10), 10),
  holdHours: v.optional(whole(24, 720), 24),
  kinds: v.optional(distinct(kind, 1), APP_KINDS),
  guessOneIn: v.optional(whole(200_000, 1_000_000_000), 200_000),
  attestationKeys: v.optional(several(attestationKey, 0), []),
  webauthn: v.optional(webauthn, {}),
  fidoModels: v.optional(distinct(aaguid, 0), []),
  fidoRoots: v.optional(several(fidoRoot, 0), []),
  biometricModels: v.optional(distinct(v.union([deviceModel, aaguid]), 0), []),
  approvals: v.optional(whole(1, 1), 1),
  approvers: v.optional(approvers, []),
  adminApprovals: v.optional(adminApprovals, {}),
};

const document = v.pipe(
  v.strictObject(entries),
  v.forward(
    v.check(
      ({ modes, displayMode }) => modes.includes(displayMode) || modes.every((mode) => mode === "C"),
      "must be one of modes",
    ),
    ["displayMode"],
  ),
  v.forward(
    v.check(({ digits, highValueDigits }) => highValueDigits >= digits, "must not be below digits"),
    ["highValueDigits"],
  ),
  v.forward(
    v.check(
      ({ assurance, highValueAssurance: high = assurance }) => isAtLeast(high, assurance),
      "must not be below assurance",
    ),
    ["highValueAssurance"],
  ),
  v.forward(
    v.check(
      ({ userVerification, biometricModels }) => userVerification === "pin" || biometricModels.length > 0,
      "must name the models whose attested keys know a finger, or userVerification is never met",
    ),
    ["biometricModels"],
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { digits, tries, wrongCodesInARow, guessOneIn } = dataset.value;
    const needed = digitsNeeded(Math.max(tries, wrongCodesInARow), guessOneIn);
    if (digits >= needed) return;
    addIssue({ message: `digits: ${digits} digits are guessed more often than 1 in ${guessOneIn}; take ${needed}` });
  }),
  v.transform((given) => {
    const { assurance, highValueAssurance = stricter("medium", assurance) } = given;
    return { ...given, highValueAssurance };
  }),
);

/** Reads a policy document, already parsed from JSON. Throws PolicyError naming every member that is refused. */
export function parsePolicy(json: unknown): Policy {
  if (Array.isArray(json)) throw new PolicyError(["must be an object, not a list"]);
  const result = v.safeParse(document, json);
  if (result.success) return result.output;
  throw new PolicyError(
    result.issues.map((issue) => {
      const path = v.getDotPath(issue);
      return path === null
        ? issue.message
        : `${path}: ${issue.type === "strict_object" ? "no such member" : issue.message}`;
    }),
  );
}

/** What holds where a tenant says nothing. */
export const DEFAULT_POLICY: Policy = parsePolicy({});

/** The fewest digits for which `allowed` guesses succeed at most once in `oneIn` times. */
export function digitsNeeded(allowed: number, oneIn: number): number {
  return Math.ceil(Math.log10(allowed * oneIn) - 1e-9);
}

function kindOfName(name: string): Kind {
  const number = Object.entries(Kind).find(([known]) => known === name)?.[1];
  if (number === undefined || !isKind(number)) throw new Error(`${name} is no kind`);
  return number;
}

function isCoseKey(hex: string): boolean {
  try {
    importPublicKey(fromHex(hex));
    return true;
  } catch {
    return false;
  }
}
