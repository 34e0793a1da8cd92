import type { ApprovalProgress, KeyStep, LocalKey, Outcome, Progress } from "@countersign/sdk";
import type { Kind, Line } from "@countersign/protocol";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import { keyText, weakerText } from "./key-text.ts";
import { approvalsText, outcomeText } from "./outcome-text.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { linesJson, linesText, summaryOf } from "./transaction-text.ts";

/** What the report knows beforehand and where receipts go. */
export interface ReportGiven {
  readonly kind: Kind;
  /** Own lines of the client; absent when only the core knows them. */
  readonly meant: readonly Line[] | undefined;
  /** The key that is asked; undefined: its user takes it up elsewhere. */
  readonly key: Pick<LocalKey, "serial" | "model" | "type" | "hasDisplay" | "hasKeypad"> | undefined;
  /** Whose key is waited for, where it is elsewhere. */
  readonly waitsFor?: string;
  /** Writes the receipt and returns the file's name. */
  readonly saveReceipt: (name: string, json: Uint8Array) => string;
  /** The key's yes is a part of something that goes on after it, and whose end is told apart. */
  readonly isPart?: boolean;
}

const MODES = ["", "A", "B", "C"];

/** Tells a confirmation as it runs and returns the exit code of its ending. */
export async function report(
  events: AsyncIterable<Progress>,
  terminal: Terminal,
  given: ReportGiven,
): Promise<ExitCode> {
  const telling = new Telling(terminal, given);
  for await (const event of events) {
    if (event.type === "outcome") return telling.outcome(event.outcome);
    telling.progress(event);
  }
  throw new Error("the confirmation ended without an outcome");
}

class Telling {
  readonly #terminal: Terminal;
  readonly #given: ReportGiven;
  readonly #startedAt: number;
  #endsAt = 0;
  #created: Extract<Progress, { type: "created" }> | undefined;
  #state = "PENDING";

  constructor(terminal: Terminal, given: ReportGiven) {
    this.#terminal = terminal;
    this.#given = given;
    this.#startedAt = terminal.io.now();
  }

  progress(event: Exclude<Progress, { type: "outcome" }>): void {
    const terminal = this.#terminal;
    switch (event.type) {
      case "created":
        return this.#tellCreated(event);
      case "equal":
        this.#record({ step: "EQUAL" });
        if (this.#given.key === undefined) return this.#tellWaiting();
        return terminal.progress(`${terminal.sign("done")} accepted, details equal`);
      case "delivery":
        return this.#tellDelivery(event);
      case "key":
        this.#record({ step: event.step.toUpperCase() });
        return terminal.status(() => this.#whatToDo(event.step));
      case "verify":
        this.#record({ step: "VERIFY", proof: event.proof });
        return terminal.status(() =>
          event.proof === "pin"
            ? "First your PIN, on your KEY. Nothing has been sent yet."
            : "First your FINGER, on your KEY. Nothing has been sent yet.",
        );
      case "key-revoked":
        this.#record({ step: "KEY_REVOKED", left: event.left });
        return terminal.progress(`${terminal.sign("warning")} One of your keys was revoked just now`);
      case "signed":
        return this.#record({ step: event.rejected ? "REJECT_SIGNED" : "SIGNED" });
      case "try-again":
        this.#record({ step: "TRY_AGAIN" });
        return terminal.progress(`${terminal.sign("warning")} Not confirmed yet. Look at your key and phone`);
      case "state":
        return this.#tellState(event.state, event.approvals);
    }
  }

  #tellCreated(event: Extract<Progress, { type: "created" }>): void {
    const { transactionId, tag, issuer, mode, lines } = event;
    this.#created = event;
    this.#endsAt = this.#startedAt + event.lifetimeMs;
    this.#record({ transactionId, tag, issuer, mode: MODES[mode] ?? "", lines: linesJson(lines) });
    const { kind, meant } = this.#given;
    const shown = meant ?? lines;
    this.#terminal.progress(`${tag}  ${summaryOf(kind, shown)}`);
    const whole = meant === undefined || this.#terminal.style.plain || shown.length > 8;
    if (whole) for (const line of linesText(shown, this.#terminal.style.plain)) this.#terminal.progress(line);
    if (this.#given.key !== undefined) this.#tellKey(this.#given.key, mode);
  }

  #tellKey(key: NonNullable<ReportGiven["key"]>, mode: number): void {
    this.#terminal.progress(`${this.#terminal.sign("done")} ${keyText(key, MODES[mode])}`);
    const weaker = weakerText(key);
    if (weaker !== undefined) this.#terminal.progress(`${this.#terminal.sign("warning")} ${weaker}`);
  }

  /** The key is elsewhere: how it is taken up there. */
  #tellWaiting(): void {
    const { waitsFor = "" } = this.#given;
    const tag = this.#created?.tag.toLowerCase() ?? "";
    this.#terminal.status(() =>
      printable(`Waiting for ${waitsFor}, at his own PC: countersign approve "${tag}"  ${this.#clock()}`),
    );
  }

  #hint(step: KeyStep): string {
    const { key } = this.#given;
    if (key === undefined || key.hasKeypad)
      return "Look at your KEY, then your PHONE. Type the phone's code on the key.";
    if (step === "touch") return "Touch your KEY.";
    const read = key.hasDisplay ? "Look at your KEY, then your PHONE." : "Read every line on your PHONE.";
    return `${read} Type its code here or in the daemon's prompt, only if all is right.`;
  }

  #tellDelivery({ platform, sent, reason, tookMs }: Extract<Progress, { type: "delivery" }>): void {
    const terminal = this.#terminal;
    this.#record({ step: sent ? "SENT" : "NOT_SENT", platform, ...(reason === "" ? {} : { reason }) });
    const seconds = (tookMs / 1000).toFixed(1);
    if (sent) terminal.progress(printable(`${terminal.sign("done")} phone: ${platform}, sent in ${seconds} s`));
    else
      terminal.progress(
        `${terminal.sign("failed")} ${printable(`phone: ${platform} failed (${reason}), next channel`)}`,
      );
  }

  #tellState(state: string, approvals: ApprovalProgress | undefined): void {
    this.#state = state === "WAITING" ? "PENDING" : state;
    const { given: approved, needed, missing } = approvals ?? {};
    this.#record(state === "PARTIAL" ? { approved, needed, missing } : {});
    const terminal = this.#terminal;
    if (state === "PARTIAL") terminal.status(() => printable(`Confirmed by you; ${approvalsText(approvals)}`));
    if (state === "CONFIRMED" || state === "EXECUTING") terminal.status(() => "Confirmed, being carried out");
    if (state === "TOO_LATE")
      terminal.progress(`${terminal.sign("warning")} Too late to withdraw: it is being carried out`);
  }

  outcome(outcome: Outcome): ExitCode {
    const terminal = this.#terminal;
    const exit = exitCodeOf(outcome);
    const { sign, text } = outcomeText(outcome);
    const took = Math.round((terminal.io.now() - this.#startedAt) / 1000);
    const file =
      outcome.state === "EXECUTED" ? this.#given.saveReceipt(outcome.receipt.name, outcome.receipt.json) : undefined;
    terminal.endStatus();
    if (this.#given.isPart === true && outcome.state === "CONFIRMED") return this.#partConfirmed(took);
    if (file !== undefined && this.#given.isPart === true) return this.#partDone(took, text, file);
    this.#state = outcome.state;
    this.#record({ final: true, exit, ...detailOf(outcome), ...(file === undefined ? {} : { receiptFile: file }) });
    if (file === undefined) terminal.result(`  ${terminal.sign(sign)} ${text}`);
    else
      terminal.result(`  ${terminal.sign(sign)} Executed in ${took} s   ${text}   again: countersign verify ${file}`);
    return exit;
  }

  #partDone(took: number, text: string, file: string): ExitCode {
    const terminal = this.#terminal;
    this.#state = "CONFIRMED";
    this.#record({ step: "KEY_CONFIRMED", receiptFile: file });
    terminal.progress(`${terminal.sign("done")} Confirmed by your key in ${took} s   ${text}, kept in ${file}`);
    return ExitCode.DONE;
  }

  /** What follows is told by who does it. */
  #partConfirmed(took: number): ExitCode {
    this.#state = "CONFIRMED";
    this.#record({});
    this.#terminal.progress(`${this.#terminal.sign("done")} Confirmed in ${took} s`);
    return ExitCode.DONE;
  }

  /** One object a line; each has the state, so that a reader need not remember. */
  #record(more: Readonly<Record<string, unknown>>): void {
    const id = this.#created === undefined ? {} : { transactionId: this.#created.transactionId };
    this.#terminal.record({ state: this.#state, ...id, ...more });
  }

  #whatToDo(step: KeyStep): string {
    return `${this.#hint(step)}  ${this.#clock()}`;
  }

  #clock(): string {
    const left = Math.max(0, Math.round((this.#endsAt - this.#terminal.io.now()) / 1000));
    return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}  (Ctrl-C withdraws)`;
  }
}

/** What an outcome says beside its state, for --json. */
function detailOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  switch (outcome.state) {
    case "EXECUTED":
      return { receipt: outcome.receipt.name };
    case "REJECTED":
      return { onKey: outcome.onKey, because: outcome.because };
    case "DUPLICATE":
      return { first: outcome.first };
    case "CONTENT_DIFFERS":
      return { difference: outcome.difference };
    case "REFUSED":
      return { message: outcome.message, violations: outcome.violations };
    case "EXECUTION_FAILED":
      return { detail: outcome.detail };
    case "RECEIPT_UNVERIFIED":
      return { why: outcome.why };
    case "NOT_CONFIRMED":
      return { reason: outcome.reason };
    case "KEY_REFUSED":
      return { status: outcome.status };
    case "BUSY":
      return outcome.retryAfterMs === undefined ? {} : { retryAfterMs: outcome.retryAfterMs };
    case "CANCELLED":
      return { byUser: outcome.byUser };
    case "PARTIAL": {
      const { given: approved, needed, missing } = outcome.approvals ?? {};
      return { approved, needed, missing };
    }
    case "APPROVED":
    case "CONFIRMED":
    case "TAMPERED":
    case "LOCKED":
    case "EXPIRED":
    case "UNDELIVERABLE":
    case "EXECUTION_UNKNOWN":
    case "ENDED":
    case "USER_BLOCKED":
    case "NO_KEY":
    case "KEY_LEFT":
    case "KEY_REVOKED":
      return {};
  }
}
