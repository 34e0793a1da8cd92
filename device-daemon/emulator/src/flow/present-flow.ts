import { encodeOk, encodeRefused, encodeSigned, type Present, type Refused, Status } from "@countersign/key-protocol";
import { Kind, type RejectReason, Shown } from "@countersign/protocol";
import type { Device } from "../device.ts";
import {
  cannotShowPrompt,
  codePrompt,
  endedPrompt,
  linkWarningPrompt,
  pinLockedPrompt,
  signedPrompt,
  signingPrompt,
  transactionPrompt,
} from "../display/prompts.ts";
import type { Ending, Flow, Prompt } from "../prompt.ts";
import type { Proven } from "../user-session.ts";
import { chooseReason } from "./choose-reason.ts";
import { enterDigits } from "./enter-digits.ts";
import { refusedPlace } from "./refused-place.ts";
import { readTransaction, type Transaction } from "./read-transaction.ts";
import { type Choice, signStatement } from "./sign-statement.ts";
import { canVerify, verifyHuman } from "./verify-human.ts";

/** Digits of a code. */
const CODE_DIGITS = { min: 6, max: 10 } as const;

/** Show every page, take PIN and code, sign: one command, so that nothing can change between what is seen and signed. */
export function* presentFlow(device: Device, channel: number, request: Present, deadline: number): Flow<Ending> {
  const transaction = readTransaction(device, request);
  if ("refused" in transaction) return refuse(transaction.refused, cannotShow(request, transaction.refused));
  if (!canVerify(device)) return refuse({ status: Status.PIN_REQUIRED });
  const reader = new Reader(device, transaction, deadline, device.session.of(channel));
  const choice = yield* reader.decide();
  if ("refused" in choice) return refuse(choice.refused, lockedAfter(device, choice.refused));
  yield signingPrompt();
  const signed = signStatement(device, transaction, choice, reader.shown());
  const { content, tag } = transaction;
  return {
    reply: encodeOk(encodeSigned(signed)),
    after: signedPrompt(content.issuer, tag, choice.decision === "reject"),
  };
}

/** One person at one transaction: which pages he has seen, what he has proven. */
class Reader {
  readonly #device: Device;
  readonly #transaction: Transaction;
  readonly #deadline: number;
  readonly #seen = new Set<number>();
  #page = 0;
  #at: "pages" | "warning" | "proof" | "code";
  #proven: Proven | undefined;

  constructor(device: Device, transaction: Transaction, deadline: number, proven: Proven | undefined) {
    this.#device = device;
    this.#transaction = transaction;
    this.#deadline = deadline;
    this.#proven = proven;
    this.#at = device.profile.display ? "pages" : "proof";
  }

  /** Statement field 8: nothing without a display, else whether every page was on it. */
  shown(): Shown {
    if (!this.#device.profile.display) return Shown.NOTHING;
    return this.#seen.size === this.#transaction.pages.length ? Shown.ALL : Shown.SOME;
  }

  /** Goes through pages, proof and code until there is an approval, a reject with its reason, or a refusal. */
  *decide(): Flow<Choice | { readonly refused: Refused }> {
    for (;;) {
      const step = yield* this.#step();
      if (step === "on") continue;
      if (step !== "reject") return step;
      const reason = yield* chooseReason(this.#transaction.content.issuer);
      if (reason !== undefined) return this.#reject(reason);
    }
  }

  *#step(): Flow<Choice | { readonly refused: Refused } | "reject" | "on"> {
    switch (this.#at) {
      case "pages":
        return yield* this.#turnPages();
      case "warning":
        return yield* this.#warn();
      case "proof":
        return yield* this.#prove();
      case "code":
        return yield* this.#takeCode();
    }
  }

  *#turnPages(): Flow<"reject" | "on"> {
    const { pages } = this.#transaction;
    while (this.#page < pages.length) {
      const page = pages[this.#page];
      if (page === undefined) break;
      this.#seen.add(this.#page);
      const input = yield transactionPrompt(page);
      if (input.type !== "key") continue;
      if (input.key === "reject") return "reject";
      if (input.key === "next" || input.key === "ok") this.#page++;
      if (input.key === "back") this.#page = Math.max(0, this.#page - 1);
    }
    this.#at = this.#transaction.content.kind === Kind.LINK ? "warning" : "proof";
    return "on";
  }

  *#warn(): Flow<"reject" | "on"> {
    for (;;) {
      const input = yield linkWarningPrompt(this.#transaction.content.issuer);
      if (input.type !== "key") continue;
      if (input.key === "reject") return "reject";
      if (input.key === "back") return this.#backToPages();
      if (input.key !== "ok") continue;
      this.#at = "proof";
      return "on";
    }
  }

  *#prove(): Flow<{ readonly refused: Refused } | "reject" | "on"> {
    if (this.#proven === undefined) {
      const verified = yield* verifyHuman(this.#device);
      if (verified === "back") return this.#backToPages();
      if (verified === "reject" || "refused" in verified) return verified;
      this.#proven = verified.proven;
    }
    this.#at = "code";
    return "on";
  }

  *#takeCode(): Flow<Choice | "reject" | "on"> {
    const { content, tag } = this.#transaction;
    const hostEntry = this.#device.profile.display && !this.#device.profile.keypad;
    const view = { issuer: content.issuer, tag, deadline: this.#deadline, hostEntry };
    const entry = yield* enterDigits(CODE_DIGITS, (typed) => codePrompt(view, typed));
    if (entry === "back") return this.#backToPages();
    if (entry === "reject" || this.#proven === undefined) return "reject";
    return { decision: "approve", code: entry.digits, codeFromHost: entry.host, proven: this.#proven };
  }

  // Back to the last page, all of them seen; without a display there is nothing to go back to.
  #backToPages(): "on" {
    if (this.#device.profile.display) {
      this.#page = this.#transaction.pages.length - 1;
      this.#at = "pages";
    }
    return "on";
  }

  #reject(reason: RejectReason): Choice {
    return { decision: "reject", reason, proven: this.#proven };
  }
}

function refuse(refused: Refused, after?: Prompt): Ending {
  const shown = after ?? afterRefusal(refused);
  return { reply: encodeRefused(refused), ...(shown === undefined ? {} : { after: shown }) };
}

function cannotShow({ content }: Present, refused: Refused): Prompt | undefined {
  return "rule" in refused
    ? cannotShowPrompt(refusedPlace(content, refused.field), refused.codePoint, refused.rule)
    : undefined;
}

function afterRefusal(refused: Refused): Prompt | undefined {
  if (refused.status === Status.PIN_REQUIRED) return endedPrompt("set a PIN first");
  return undefined;
}

function lockedAfter(device: Device, refused: Refused): Prompt | undefined {
  return "retries" in refused ? pinLockedPrompt(device.pin.retries) : undefined;
}
