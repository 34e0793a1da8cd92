import { encodeContent, type Line } from "@countersign/protocol";
import { confirm, openCore, openDaemon, ownLines, type Outcome, type Progress } from "@countersign/sdk";
import { randomUUID } from "node:crypto";
import type { Question } from "./attempt.ts";
import { openExecutor, type Executor } from "./executor.ts";
import { keyElsewhere } from "./key-elsewhere.ts";
import { readToken, type Settings } from "./settings.ts";

/** How asking went. */
export interface Answer {
  /** True only with a receipt in hand that the pinned core signed over this very question. */
  readonly letIn: boolean;
  readonly outcome: Outcome | undefined;
  readonly transactionId: string;
}

/** What asking works with. */
export interface AskGiven {
  readonly settings: Settings;
  /** Writes a line to the terminal of whoever waits. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A core that does not answer for so long is away: whoever waits at a prompt is told. */
const PATIENCE_MS = 5_000;

/**
 * Asks the owner of an account, waits, uses the confirmation up, and believes nothing but the receipt. Throws CoreError
 * when the core is away.
 */
export async function ask(userId: string, question: Question, given: AskGiven): Promise<Answer> {
  const { settings, say, signal } = given;
  const token = readToken(settings.submitToken);
  const tls = settings.ca === undefined ? undefined : { caFile: settings.ca };
  const core = openCore({ address: settings.core, token, tls, patienceMs: PATIENCE_MS });
  const daemon = settings.key === "elsewhere" ? keyElsewhere() : openDaemon(settings.key);
  const executor = openExecutor(settings);
  const { kind, fields } = question;
  // With an id of its own the receipt is checked against what was asked, and not against this host's own key.
  const request = { kind, fields, userId, requestId: randomUUID(), lifetimeS: settings.waitSeconds };
  const { pinned } = settings;
  const isElsewhere = settings.key === "elsewhere";
  try {
    const lines = ownLines({ kind, fields });
    if (!isElsewhere && (await daemon.listKeys()).length === 0) return { ...NOBODY, outcome: NO_KEY };
    const events = confirm(request, {
      core,
      daemon,
      pinned,
      requester: "countersign-pam",
      waitForOthers: true,
      signal,
    });
    return await follow(events, { lines, question, executor, isElsewhere, say });
  } finally {
    for (const one of [core, daemon, executor]) one.close();
  }
}

/** Before anybody was asked. */
const NOBODY = { letIn: false, transactionId: "" } as const;
const NO_KEY = { state: "NO_KEY", message: "none is plugged in" } as const;

interface Following {
  readonly lines: readonly Line[];
  readonly question: Question;
  readonly executor: Executor;
  readonly isElsewhere: boolean;
  readonly say: (line: string) => void;
}

async function follow(events: AsyncGenerator<Progress, void>, by: Following): Promise<Answer> {
  let transactionId = "";
  let issuer = "";
  let used = false;
  for await (const event of events) {
    if (event.type === "created") {
      ({ transactionId, issuer } = event);
      tellWhatToDo(event.tag, by);
    } else if (event.type === "state" && event.state === "CONFIRMED" && !used) {
      used = true;
      const { kind } = by.question;
      await by.executor.useUp(transactionId, encodeContent({ version: 1, issuer, kind, lines: by.lines }));
    } else if (event.type === "try-again") by.say("Not accepted. Look at your key and phone, and try again.");
    else if (event.type === "outcome") {
      return { letIn: used && event.outcome.state === "EXECUTED", outcome: event.outcome, transactionId };
    }
  }
  return { letIn: false, outcome: undefined, transactionId };
}

function tellWhatToDo(tag: string, { question, isElsewhere, say }: Following): void {
  say(`Countersign: ${tag}, ${question.reference}`);
  say(
    isElsewhere
      ? `On your own PC: countersign approve ${tag.replace(" ", "-")}  Then look at your KEY and your PHONE.`
      : "Look at your KEY, then your PHONE. Type the phone's code on the key.",
  );
}
