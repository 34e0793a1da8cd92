// What a bot saw when a message failed: a closed list, so that no provider's text reaches the store.

/** Beside `http-…`, `smtp-…` and `smpp-…` with the provider's number. `no-report` is the core's own word. */
export const OBSERVED = [
  "connect",
  "reset",
  "timeout",
  "malformed-answer",
  "no-report",
  "rate-limited",
  "late",
  "lease-lost",
  "shutting-down",
  "not-ready",
  "not-encrypted",
  "bug",
  "does-not-fit",
  "malformed-delivery",
  "chat-not-found",
  "blocked",
  "gone",
  "identity-changed",
] as const;

export type Observed = (typeof OBSERVED)[number] | `http-${number}` | `smtp-${number}` | `smpp-${number}`;

/** Bot-controlled; undefined: it said nothing, or nothing that this core knows. */
export function readObserved(detail: string): Observed | undefined {
  if (/^(?:http|smtp|smpp)-\d{1,5}$/.test(detail)) return detail as Observed;
  return OBSERVED.find((one) => one === detail && one !== "no-report");
}

/** What kind of trouble it is. */
export type Trouble =
  "refused" | "unreachable" | "rate-limited" | "late" | "bot-not-ready" | "does-not-fit" | "peer-gone" | "identity";

const TROUBLE: Readonly<Record<(typeof OBSERVED)[number], Trouble>> = {
  connect: "unreachable",
  reset: "unreachable",
  timeout: "unreachable",
  "malformed-answer": "unreachable",
  "no-report": "unreachable",
  "rate-limited": "rate-limited",
  late: "late",
  "lease-lost": "bot-not-ready",
  "shutting-down": "bot-not-ready",
  "not-ready": "bot-not-ready",
  "not-encrypted": "bot-not-ready",
  bug: "bot-not-ready",
  "does-not-fit": "does-not-fit",
  "malformed-delivery": "does-not-fit",
  "chat-not-found": "peer-gone",
  blocked: "peer-gone",
  gone: "peer-gone",
  "identity-changed": "identity",
};

/** A provider's queue is full, or it says so in words of its own. */
const SLOWER: readonly string[] = ["http-429", "smpp-20", "smpp-88"];
/** SMSC broke down over the message; the mail server is going away. */
const BROKEN: readonly string[] = ["smpp-8", "smpp-255", "smtp-421"];

export function troubleOf(observed: Observed): Trouble {
  const known = OBSERVED.find((one) => one === observed);
  if (known !== undefined) return TROUBLE[known];
  if (SLOWER.includes(observed)) return "rate-limited";
  return BROKEN.includes(observed) || observed.startsWith("http-5") ? "unreachable" : "refused";
}
