import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeCore, Phase, SAMPLE_CODE, sampleDeliver, timestampOf, type Report } from "@countersign/bot-kit/testing";
import { startChild, tempFolder, type Child } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FakeSmtp, type SmtpFault } from "./testing/index.ts";

const ADDRESS = "erika@test.example";
const folder = tempFolder();
let core: FakeCore;
let smtp: FakeSmtp;
let output: string;

async function startBot(): Promise<Child> {
  const tokenFile = join(folder, "core");
  writeFileSync(tokenFile, core.token, { mode: 0o600 });
  return startChild("bots/mail/src/main.ts", [
    ...["--core", core.address, "--plaintext", "--token-file", tokenFile, "--zone", "Europe/Berlin"],
    ...["--smtp", smtp.address, "--smtp-tls", "none", "--from", "confirm@bank.example"],
  ]);
}

async function prompt(notAfter?: Date): Promise<Report> {
  const until = notAfter === undefined ? undefined : timestampOf(notAfter);
  return core.deliver(sampleDeliver(Phase.FULL, { peerId: ADDRESS, notAfter: until }));
}

async function killed(bot: Child): Promise<void> {
  await bot.stop("SIGKILL");
  output += bot.output();
  await core.until(() => core.hello === undefined);
}

const codes = (): number =>
  smtp.open(ADDRESS).mails.filter(({ text }) => text.replaceAll(" ", "").includes(SAMPLE_CODE)).length;

beforeEach(async () => {
  core = await FakeCore.start();
  smtp = await FakeSmtp.start();
  smtp.open(ADDRESS);
  output = "";
});

afterEach(async () => {
  core.stop();
  await smtp.stop();
});

test.each<[string, SmtpFault, string, number]>([
  ["before the server answered MAIL", { stage: "MAIL", kind: "silence" }, "MAIL", 1],
  ["before the server asked for the mail", { stage: "DATA", kind: "silence" }, "DATA", 1],
  ["after the mail left, not taken", { stage: "end", kind: "silence" }, "(end", 1],
  ["after the server took the mail", { stage: "end", kind: "silence", taken: true }, "(end", 2],
])(
  "kill point: SIGKILL %s: repeated once as the core would, the code was mailed at most twice, with one Message-ID",
  async (_when, fault, heard, mails) => {
    const first = await startBot();
    smtp.faults.add(fault);
    const lost = prompt().catch(() => undefined);
    await smtp.until(() => smtp.commands.some((command) => command.startsWith(heard)));
    await killed(first);
    expect(await lost).toBeUndefined();

    const second = await startBot();
    expect(await prompt()).toMatchObject({ sent: {} });
    expect(await second.stop()).toBe(0);
    output += second.output();

    expect(codes()).toBe(mails);
    expect(new Set(smtp.open(ADDRESS).mails.map(({ messageId }) => messageId)).size).toBe(1);
    expect(output.replaceAll(" ", "")).not.toMatch(new RegExp(`${SAMPLE_CODE}|teapot|AMBER|${core.token}|${ADDRESS}`));
    expect(core.violations).toEqual([]);
  },
  400_000,
);

test("check 14: what became late while the server was slow is not mailed", async () => {
  const bot = await startBot();
  // The bot's deadline comes first; whatever of the dialogue happens after it, the mail's bytes stay here.
  smtp.faults.add({ stage: "MAIL", kind: "slow", delayMs: 1_000 });
  const report = await prompt(new Date(Date.now() + 400));
  expect(report).toMatchObject({ failed: { fate: 1 } });
  await bot.stop();
  expect(smtp.contents).toEqual([]);
  expect(bot.output()).toMatch(/"detail":"(?:timeout|late)"/);
}, 400_000);

test("the code stands in no log and no report, whatever stage of the dialogue fails and whatever the server repeats", async () => {
  const bot = await startBot();
  const echo = { kind: "answer", code: 451 } as const;
  const stages = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"] as const;
  const faults: SmtpFault[] = [
    // Ends the session of signing in: each of the others meets a new one.
    { stage: "MAIL", kind: "reset" },
    ...stages.map((stage) => ({ ...echo, stage })),
    ...stages.map((stage) => ({ stage, kind: "reset" }) as const),
    ...stages.map((stage) => ({ stage, kind: "garbage" }) as const),
    { stage: "RCPT", kind: "answer", code: 550 },
    { stage: "end", kind: "answer", code: 554 },
    { stage: "content", kind: "reset" },
  ];
  const reports: Report[] = [];
  for (const [at, fault] of faults.entries()) {
    smtp.open(`to-${at}@test.example`);
    smtp.faults.clear();
    smtp.faults.add(fault);
    const peerId = `to-${at}@test.example`;
    reports.push(await core.deliver(sampleDeliver(Phase.FULL, { peerId, deliveryId: peerId, notAfter: undefined })));
  }
  expect(await bot.stop()).toBe(0);
  expect(reports.filter((report) => "failed" in report)).toHaveLength(faults.length);
  const told = `${bot.output()}${JSON.stringify(reports, (_key, value: unknown) => (typeof value === "bigint" ? Number(value) : value))}`;
  expect(told.replaceAll(/\s|\\n/g, "")).not.toMatch(
    new RegExp(`${SAMPLE_CODE}|482915|teapot|AMBER|MÃ¼ller|Müller|proxy`),
  );
  expect(smtp.contents.join("").length).toBeGreaterThan(1_000);
}, 400_000);
