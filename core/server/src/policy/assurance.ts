// Pure: how much a channel proves about who reads it. docs/protocol/policy.md section 4.
import type { Link } from "../identity/link.ts";

const LEVELS = ["low", "medium", "high"] as const;

/** In rising order; names as in countersign.core.v1.Assurance. */
export type Assurance = (typeof LEVELS)[number];
export const ASSURANCES: readonly Assurance[] = LEVELS;

/** Where a policy, or a transaction's frozen one, is from before the setting. */
export const LEAST_ASSURANCE: Assurance = "low";

/**
 * Mail and SMS: whoever has the mailbox or the number. A chat account: whoever has the account. With a bound identity:
 * whoever holds its keys, which the user's smart key signed for. The sandbox, which exists in development alone, passes
 * for the best, so that every policy can be tried with it.
 */
export function assuranceOf({ platform, peerIdentity }: Pick<Link, "platform" | "peerIdentity">): Assurance {
  switch (platform) {
    case "mail":
    case "sms":
      return "low";
    case "telegram":
      return "medium";
    case "matrix":
      return peerIdentity === undefined || peerIdentity === "" ? "medium" : "high";
    case "sandbox":
      return "high";
  }
}

export function isAtLeast(level: Assurance, needed: Assurance): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(needed);
}

/** The one that fewer channels meet. */
export function stricter(one: Assurance, other: Assurance): Assurance {
  return isAtLeast(one, other) ? one : other;
}
