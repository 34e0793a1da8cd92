import { ChannelError, Secret, silentLog, systemTimer, type Outgoing } from "@countersign/bot-kit";
import { Phase, SAMPLE_CODE, SAMPLE_LINES, sampleOutgoing, testChannelContract } from "@countersign/bot-kit/testing";
import { freePort } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readSender } from "./address.ts";
import { MailChannel } from "./mail-channel.ts";
import type { SmtpServer } from "./smtp-session.ts";
import { FakeSmtp, type FakeSmtpOptions, type SmtpFault } from "./testing/index.ts";

const ADDRESS = "erika@test.example";
const sender = readSender("Acme Bank <confirm@bank.example>");

function channelTo(smtp: FakeSmtp, more: Partial<SmtpServer> = {}): MailChannel {
  const server = { host: "127.0.0.1", port: smtp.port, tls: "none", ca: undefined, login: undefined, ...more } as const;
  return new MailChannel({ server, sender, timer: systemTimer, log: silentLog });
}

testChannelContract("mail", async () => {
  const smtp = await FakeSmtp.start();
  const mailbox = smtp.open(ADDRESS);
  const channel = channelTo(smtp);
  return {
    channel,
    peerId: ADDRESS,
    unknownPeerId: "nobody@test.example",
    traits: { twoPhase: false, deduplicates: false, cleansUp: false, hears: false },
    seen: async () => mailbox.mails.map(({ id, text }) => ({ id, text, buttons: [] })),
    everWritten: async () => smtp.contents,
    say: async () => undefined,
    press: async () => undefined,
    close: async () => {
      await channel.close();
      await smtp.stop();
      if (smtp.violations.length > 0) throw new Error(smtp.violations.join());
    },
  };
});

let smtp: FakeSmtp;
let channel: MailChannel;

async function start(options: FakeSmtpOptions = {}, server: Partial<SmtpServer> = {}): Promise<void> {
  smtp = await FakeSmtp.start(options);
  smtp.open(ADDRESS);
  channel = channelTo(smtp, server);
}

beforeEach(async () => start());

/** On a port that stays its own while it is down. */
async function startAgain(): Promise<void> {
  await channel.close();
  await smtp.stop();
  await start({ port: await freePort() });
}

afterEach(async () => {
  await channel.close();
  await smtp.stop();
});

async function ship(outgoing: Outgoing, signal?: AbortSignal): Promise<string | ChannelError> {
  try {
    return await channel.deliver(outgoing, signal ?? AbortSignal.timeout(60_000));
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return error;
  }
}

const full = (more: Partial<Outgoing> = {}): Outgoing => ({
  ...sampleOutgoing(Phase.FULL, { peerId: ADDRESS }),
  ...more,
});
const mails = (): readonly { readonly text: string; readonly messageId: string }[] => smtp.open(ADDRESS).mails;
const codes = (): number => mails().filter(({ text }) => text.replaceAll(" ", "").includes(SAMPLE_CODE)).length;

/** Whether the server has heard what this stage answers. */
function hasCome(stage: SmtpFault["stage"]): boolean {
  if (stage === "greeting") return smtp.connections > 0;
  return smtp.commands.some((command) => command.startsWith(stage === "end" ? "(end of data)" : stage));
}

const DOWN = "CHANNEL_DOWN";
const BLOCKED = "CHANNEL_BLOCKED_BY_USER";
const SILENT = { kind: "silence" } as const;

const FAILURES: [string, SmtpFault, object, number][] = [
  [
    "421 for a greeting",
    { stage: "greeting", kind: "answer", code: 421 },
    { fate: "not-sent", detail: "smtp-421", retryAfterMs: 2_000 },
    0,
  ],
  [
    "554 for a greeting",
    { stage: "greeting", kind: "answer", code: 554, text: "No" },
    { fate: "not-sent", detail: "smtp-554" },
    0,
  ],
  ["no greeting", { stage: "greeting", ...SILENT }, { fate: "not-sent", detail: "timeout" }, 0],
  ["a reset instead of a greeting", { stage: "greeting", kind: "reset" }, { fate: "not-sent", detail: "connect" }, 0],
  ["an end instead of a greeting", { stage: "greeting", kind: "close" }, { fate: "not-sent", detail: "connect" }, 0],
  ["a proxy's page for a greeting", { stage: "greeting", kind: "garbage" }, { fate: "not-sent", detail: "connect" }, 0],
  ["421 at EHLO", { stage: "EHLO", kind: "answer", code: 421 }, { fate: "not-sent", detail: "smtp-421" }, 0],
  ["451 at MAIL", { stage: "MAIL", kind: "answer", code: 451 }, { fate: "not-sent", detail: "smtp-451" }, 0],
  [
    "550 at MAIL, which is about us",
    { stage: "MAIL", kind: "answer", code: 550 },
    { fate: "permanent", detail: "smtp-550", reason: DOWN },
    0,
  ],
  ["garbage at MAIL", { stage: "MAIL", kind: "garbage" }, { fate: "not-sent", detail: "malformed-answer" }, 0],
  ["a reset at MAIL", { stage: "MAIL", kind: "reset" }, { fate: "not-sent", detail: "reset" }, 0],
  ["silence at MAIL", { stage: "MAIL", ...SILENT }, { fate: "not-sent", detail: "timeout" }, 0],
  [
    "450 at RCPT",
    { stage: "RCPT", kind: "answer", code: 450 },
    { fate: "not-sent", detail: "smtp-450", retryAfterMs: undefined },
    0,
  ],
  ["452, mailbox full", { stage: "RCPT", kind: "answer", code: 452 }, { fate: "not-sent", detail: "smtp-452" }, 0],
  [
    "550 at RCPT",
    { stage: "RCPT", kind: "answer", code: 550 },
    { fate: "permanent", detail: "smtp-550", reason: BLOCKED },
    0,
  ],
  [
    "551 at RCPT",
    { stage: "RCPT", kind: "answer", code: 551 },
    { fate: "permanent", detail: "smtp-551", reason: BLOCKED },
    0,
  ],
  [
    "553 at RCPT",
    { stage: "RCPT", kind: "answer", code: 553 },
    { fate: "permanent", detail: "smtp-553", reason: BLOCKED },
    0,
  ],
  [
    "550 5.7.1 at RCPT, which is about us",
    { stage: "RCPT", kind: "answer", code: 550, text: "5.7.1 Relaying denied" },
    { fate: "permanent", reason: DOWN },
    0,
  ],
  [
    "552 at RCPT",
    { stage: "RCPT", kind: "answer", code: 552 },
    { fate: "permanent", detail: "smtp-552", reason: DOWN },
    0,
  ],
  [
    "554 at RCPT",
    { stage: "RCPT", kind: "answer", code: 554 },
    { fate: "permanent", detail: "smtp-554", reason: DOWN },
    0,
  ],
  ["451 at DATA", { stage: "DATA", kind: "answer", code: 451 }, { fate: "not-sent", detail: "smtp-451" }, 0],
  [
    "554 at DATA",
    { stage: "DATA", kind: "answer", code: 554 },
    { fate: "permanent", detail: "smtp-554", reason: DOWN },
    0,
  ],
  ["a reset at DATA", { stage: "DATA", kind: "reset" }, { fate: "not-sent", detail: "reset" }, 0],
  ["silence at DATA", { stage: "DATA", ...SILENT }, { fate: "not-sent", detail: "timeout" }, 0],
  ["a reset within the mail", { stage: "content", kind: "reset" }, { fate: "unknown", detail: "reset" }, 0],
  ["an end within the mail", { stage: "content", kind: "close" }, { fate: "unknown", detail: "reset" }, 0],
  ["a reset after the mail", { stage: "end", kind: "reset", taken: true }, { fate: "unknown", detail: "reset" }, 1],
  ["no answer to the mail", { stage: "end", ...SILENT, taken: true }, { fate: "unknown", detail: "timeout" }, 1],
  [
    "garbage as the answer to the mail",
    { stage: "end", kind: "garbage", taken: true },
    { fate: "unknown", detail: "malformed-answer" },
    1,
  ],
  [
    "354 as the answer to the mail",
    { stage: "end", kind: "answer", code: 354, taken: true },
    { fate: "unknown", detail: "malformed-answer" },
    1,
  ],
  [
    "421 for the mail",
    { stage: "end", kind: "answer", code: 421 },
    { fate: "not-sent", detail: "smtp-421", retryAfterMs: 2_000 },
    0,
  ],
  ["451 for the mail", { stage: "end", kind: "answer", code: 451 }, { fate: "not-sent", detail: "smtp-451" }, 0],
  [
    "552 for the mail",
    { stage: "end", kind: "answer", code: 552 },
    { fate: "permanent", detail: "smtp-552", reason: DOWN },
    0,
  ],
  [
    "550 for the mail",
    { stage: "end", kind: "answer", code: 550 },
    { fate: "permanent", detail: "smtp-550", reason: DOWN },
    0,
  ],
  [
    "554 for the mail",
    { stage: "end", kind: "answer", code: 554 },
    { fate: "permanent", detail: "smtp-554", reason: DOWN },
    0,
  ],
];

test.each(FAILURES)(
  "%s is put into its class, and nothing of the mail is in the error",
  async (_what, fault, expected, taken) => {
    smtp.faults.add(fault);
    const deadline = new AbortController();
    const shipped = ship(full(), deadline.signal);
    if (fault.kind === "silence") {
      await smtp.until(() => hasCome(fault.stage) && codes() === taken);
      deadline.abort();
    }
    const error = await shipped;
    expect(error).toBeInstanceOf(ChannelError);
    expect(error).toMatchObject(expected);
    const everything = [...Object.getOwnPropertyNames(error), "stack"].map((name) =>
      String(Reflect.get(Object(error), name)),
    );
    for (const hidden of ["482 915", SAMPLE_CODE, "teapot", "AMBER", ADDRESS])
      expect(everything.join()).not.toContain(hidden);
    expect(error).not.toHaveProperty("cause");
    expect(codes()).toBe(taken);
    expect(await ship(full())).toMatch(/^<[0-9a-f]{40}@bank\.example>$/);
    expect(smtp.violations).toEqual([]);
  },
);

test.each([true, false])("every class holds without pipelining too (%s)", async (pipelining) => {
  await channel.close();
  await smtp.stop();
  await start({ pipelining });
  for (const [, fault, expected] of FAILURES.filter(
    ([, { stage, kind }]) => stage !== "greeting" && kind !== "silence",
  )) {
    smtp.faults.add(fault);
    expect(await ship(full())).toMatchObject(expected);
  }
  expect(smtp.violations).toEqual([]);
});

test("a server that is not there: certainly not sent", async () => {
  await startAgain();
  await smtp.stop();
  expect(await ship(full())).toMatchObject({ fate: "not-sent", detail: "connect" });
  await smtp.listen();
  expect(await ship(full())).toContain("@bank.example");
});

test("a server that was restarted between two mails: the second is sent, or certainly not sent and then sent", async () => {
  await startAgain();
  await ship(full());
  await smtp.stop();
  await smtp.listen();
  const again = await ship(full());
  const repeated = again instanceof ChannelError ? [again.fate, await ship(full())] : ["not-sent", again];
  expect(repeated).toEqual(["not-sent", expect.stringContaining("@bank.example")]);
  expect(mails()).toHaveLength(2);
});

test("lines and code arrive byte for byte; the code is in the text alone, and the subject is the preview", async () => {
  const outgoing = full();
  await ship(outgoing);
  const [mail] = smtp.open(ADDRESS).mails;
  expect(mail?.subject).toBe("Confirmation waiting");
  for (const { value } of SAMPLE_LINES)
    expect(mail?.text.split("\n").filter((line) => line.endsWith(value))).toHaveLength(1);
  expect(mail?.text.split("482 915")).toHaveLength(2);
  const head = mail?.headers.map((header) => header.join(": ")).join("\n") ?? "";
  for (const hidden of ["482", "915", "AMBER", "teapot", "1 250.00", "Müller"]) expect(head).not.toContain(hidden);
  expect(mail?.headers).toEqual(
    expect.arrayContaining([
      ["From", '"Acme Bank" <confirm@bank.example>'],
      ["To", ADDRESS],
      ["Auto-Submitted", "auto-generated"],
      ["X-Auto-Response-Suppress", "All"],
      ["Content-Language", "en"],
    ]),
  );
});

test("a repeated delivery has the Message-ID of the first, another delivery, phase or chat has its own", async () => {
  const first = await ship(full());
  expect(await ship(full())).toBe(first);
  expect(mails().map(({ messageId }) => messageId)).toEqual([first, first]);
  smtp.open("max@test.example");
  const others = [full({ deliveryId: "other" }), full({ phase: "alert" }), full({ peerId: "max@test.example" })];
  const ids = await Promise.all(others.map(async (outgoing) => ship(outgoing)));
  expect(new Set([first, ...ids])).toHaveProperty("size", 4);
});

test("an outcome is a mail of its own in the thread of its prompt", async () => {
  const id = String(await ship(full()));
  await ship(full({ phase: "outcome", deliveryId: "end", replaces: id }));
  const headers = Object.fromEntries(smtp.open(ADDRESS).mails[1]?.headers ?? []);
  expect(headers).toMatchObject({ "In-Reply-To": id, References: id });
});

test.each(["x", "<a@b>\r\nBcc: x@y.zz", "<0@bank.example>", ""])(
  "an id that no mail of ours had (%j) is refused",
  async (replaces) => {
    expect(await ship(full({ replaces }))).toMatchObject({ fate: "permanent", detail: "malformed-delivery" });
    expect(smtp.connections).toBe(0);
  },
);

test("check 14: late before the first command: the server hears nothing of the mail, neither address nor DATA", async () => {
  await channel.signIn(AbortSignal.timeout(60_000));
  const late = new ChannelError({ fate: "not-sent", detail: "late" });
  const beforeWrite = (): never => {
    throw late;
  };
  expect(await ship(full({ beforeWrite }))).toBe(late);
  expect(smtp.commands.filter((command) => !command.startsWith("EHLO"))).toEqual([]);
  expect(smtp.contents).toEqual([]);
});

test.each([true, false])(
  "check 14: late when the server asks for the mail (pipelining %s): no byte of it leaves",
  async (pipelining) => {
    await channel.close();
    await smtp.stop();
    await start({ pipelining });
    let looks = 0;
    const beforeWrite = (): void => {
      looks += 1;
      if (looks === 2) throw new ChannelError({ fate: "not-sent", detail: "lease-lost" });
    };
    const error = await ship(full({ beforeWrite }));
    expect(error).toMatchObject({ fate: "not-sent", detail: "lease-lost" });
    expect(error).not.toHaveProperty("code");
    expect(smtp.commands).toContain("DATA");
    expect(smtp.commands).not.toContain("(end of data)");
    await ship(full());
    expect(smtp.contents).toHaveLength(1);
    expect(codes()).toBe(1);
  },
);

test("an abort while five others wait for the server: not sent, and nobody is left behind", async () => {
  smtp.faults.add({ stage: "MAIL", kind: "silence", times: 5 });
  const slow = new AbortController();
  const stuck = Array.from({ length: 5 }, async () => ship(full(), slow.signal));
  await smtp.until(() => smtp.commands.filter((command) => command.startsWith("MAIL")).length === 5);
  const impatient = new AbortController();
  const waiting = ship(full(), impatient.signal);
  const patient = ship(full());
  impatient.abort();
  expect(await waiting).toMatchObject({ fate: "not-sent", detail: "timeout" });
  slow.abort();
  for (const error of await Promise.all(stuck)) expect(error).toMatchObject({ fate: "not-sent", detail: "timeout" });
  expect(await patient).toContain("@bank.example");
  expect(codes()).toBe(1);
});

test("a session carries fifty mails, then the next one begins; what is idle is closed in order", async () => {
  for (let at = 0; at < 51; at += 1) await ship(full());
  expect(smtp.connections).toBe(2);
  expect(mails()).toHaveLength(51);
  await channel.close();
  await smtp.until(() => smtp.commands.filter((command) => command === "QUIT").length === 2);
});

test("signing in waits for the server, and stops when told to", async () => {
  smtp.faults.add({ stage: "greeting", kind: "answer", code: 421 });
  expect(await channel.signIn(AbortSignal.timeout(60_000))).toBe("");
  await channel.close();
  await smtp.stop();
  await expect(channelTo(smtp).signIn(AbortSignal.timeout(100))).rejects.toThrow("timeout");
});

const login = { user: "bot", password: "right-password" };

test("credentials are used; wrong ones end signing in with what to do, and stand in no error", async () => {
  await smtp.stop();
  await start({ login }, { login: { user: "bot", password: new Secret("smtp password", login.password) } });
  expect(await channel.signIn(AbortSignal.timeout(60_000))).toBe("");
  expect(await ship(full())).toContain("@bank.example");
  const wrong = channelTo(smtp, { login: { user: "bot", password: new Secret("smtp password", "wrong-password") } });
  const refusal = await wrong.signIn(AbortSignal.timeout(60_000)).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Error);
  expect(String(refusal)).toContain("check --smtp-user and the file of --smtp-password-file");
  expect(String(refusal)).not.toContain("wrong-password");
  smtp.faults.add({ stage: "AUTH", kind: "answer", code: 454 });
  const patient = channelTo(smtp, { login: { user: "bot", password: new Secret("smtp password", login.password) } });
  expect(await patient.signIn(AbortSignal.timeout(60_000))).toBe("");
  await patient.close();
});

test("credentials for a server that takes none, and STARTTLS from one that has none, are named", async () => {
  const given = { login: { user: "bot", password: new Secret("smtp password", "x") } };
  await expect(channelTo(smtp, given).signIn(AbortSignal.timeout(60_000))).rejects.toThrow("leave --smtp-user out");
  await expect(channelTo(smtp, { tls: "starttls" }).signIn(AbortSignal.timeout(60_000))).rejects.toThrow(
    "offers no STARTTLS",
  );
  expect(smtp.commands.filter((command) => /MAIL|AUTH/.test(command))).toEqual([]);
});
