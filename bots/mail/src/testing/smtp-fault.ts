/** Where in the dialogue it goes wrong. `content`: its first bytes have come. `end`: all of it, and the final dot. */
export type Stage = "greeting" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "content" | "end";

/**
 * What goes wrong. `answer`: `code` with `text`, or with all that was received (servers may repeat what they like).
 * `silence`: no answer, the connection stays. `reset`: the connection breaks. `close`: it ends in order. `garbage`: a
 * line that is no answer. `slow`: the right answer after `delayMs`.
 */
export interface SmtpFault {
  readonly stage: Stage;
  readonly kind: "answer" | "silence" | "reset" | "close" | "garbage" | "slow";
  readonly code?: number;
  readonly text?: string;
  readonly delayMs?: number;
  /** At `end`: the mail goes into the mailbox first. */
  readonly taken?: boolean;
  /** How often; default once. */
  readonly times?: number;
}

const STAGES = ["greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content", "end"];
const KINDS = ["answer", "silence", "reset", "close", "garbage", "slow"];

/** Faults in the order in which they were asked for. */
export class SmtpFaults {
  readonly #faults: { readonly fault: SmtpFault; left: number }[] = [];

  /** Throws when stage or kind is not known. */
  add(fault: SmtpFault): void {
    if (!STAGES.includes(fault.stage)) throw new Error(`no stage "${fault.stage}"; choose one of ${STAGES.join(", ")}`);
    if (!KINDS.includes(fault.kind)) throw new Error(`no kind "${fault.kind}"; choose one of ${KINDS.join(", ")}`);
    if (fault.kind === "answer" && fault.code === undefined) throw new Error("a fault of kind answer needs a code");
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** The next fault for this stage, used up. */
  take(stage: Stage): SmtpFault | undefined {
    const found = this.#faults.find(({ fault, left }) => left > 0 && fault.stage === stage);
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }
}
