import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ChannelError, revealText, silentLog, systemTimer, type Outgoing } from "@countersign/bot-kit";
import {
  Phase,
  SAMPLE_CODE,
  SAMPLE_LINES,
  sampleNotice,
  sampleOutgoing,
  NoticeType,
} from "@countersign/bot-kit/testing";
import { testWith } from "@countersign/testing";
import { openSmtpdPresent, startOpenSmtpd, type OpenSmtpd } from "@countersign/testing/mail";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { readSender } from "./address.ts";
import { MailChannel } from "./mail-channel.ts";
import { parseMail, type ParsedMail } from "./testing/index.ts";

const peerTest = testWith("opensmtpd", openSmtpdPresent);
const ADDRESS = "erika@test.example";
let smtpd: OpenSmtpd;
let channel: MailChannel;

function channelTo(port: number, tls: "starttls" | "implicit" | "none", ca?: string): MailChannel {
  const server = { host: smtpd.host, port, tls, ca, login: undefined };
  const sender = readSender("Müller Bank <confirm@bank.example>");
  return new MailChannel({ server, sender, timer: systemTimer, log: silentLog });
}

beforeEach(async () => {
  if (!openSmtpdPresent) return;
  smtpd = await startOpenSmtpd(["erika", "max+tag"]);
  channel = channelTo(smtpd.port, "starttls", readFileSync(smtpd.caFile, "utf8"));
}, 400_000);

afterEach(async () => {
  if (!openSmtpdPresent) return;
  await channel.close();
  await smtpd.stop();
});

async function ship(outgoing: Outgoing): Promise<string | ChannelError> {
  return channel.deliver(outgoing, AbortSignal.timeout(60_000)).catch((error: unknown) => error as ChannelError);
}

const full = (locale = "en"): Outgoing => sampleOutgoing(Phase.FULL, { peerId: ADDRESS, locale });

const messageIdOf = ({ headers }: ParsedMail): string | undefined => Object.fromEntries(headers)["Message-ID"];

/** Another reader of mails than ours: Python's. */
function readByPython(mail: Uint8Array): { readonly subject: string; readonly from: string; readonly text: string } {
  const script = [
    "import email, email.policy, json, sys",
    "m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)",
    "assert not m.defects and not m.is_multipart(), m.defects",
    "json.dump({'subject': m['subject'], 'from': m['from'], 'text': m.get_content()}, sys.stdout)",
  ];
  const output = execFileSync("/usr/bin/python3", ["-c", script.join("\n")], { input: mail, encoding: "utf8" });
  return JSON.parse(output) as { subject: string; from: string; text: string };
}

peerTest(
  "check 15: a prompt and its outcome go through OpenSMTPD by STARTTLS; lines and code byte for byte, once",
  async () => {
    expect(await channel.signIn(AbortSignal.timeout(60_000))).toBe("");
    const id = String(await ship(full()));
    const outcome = sampleOutgoing(Phase.OUTCOME, {
      ...{ peerId: ADDRESS, providerId: id, notice: sampleNotice(NoticeType.EXECUTED), deliveryId: "end" },
    });
    await ship(outcome);
    // A mail server delivers side by side: the order of arrival says nothing.
    const mails = (await smtpd.read(ADDRESS, 2)).map((mail) => parseMail(mail, true));
    const [prompt, end] = mails.toSorted((a) => (messageIdOf(a) === id ? -1 : 1));
    for (const { value } of SAMPLE_LINES)
      expect(prompt?.text.split("\n").filter((line) => line.endsWith(value))).toHaveLength(1);
    expect(prompt?.text.replaceAll(" ", "").split(SAMPLE_CODE)).toHaveLength(2);
    expect(end?.text.replaceAll(" ", "")).not.toContain(SAMPLE_CODE);
    expect(Object.fromEntries(prompt?.headers ?? [])).toMatchObject({ "Message-ID": id, To: ADDRESS });
    expect(Object.fromEntries(end?.headers ?? [])).toMatchObject({ "In-Reply-To": id, References: id });
  },
  400_000,
);

peerTest(
  "check 15: every language arrives as it was written, read by Python's mail parser",
  async () => {
    const locales = ["en", "de", "zh", "ar"];
    const seen = new Set<string>();
    for (const [at, locale] of locales.entries()) {
      const outgoing = full(locale);
      await ship(outgoing);
      const mails = await smtpd.read(ADDRESS, at + 1);
      // Two that came within one tick of the file system's clock have no order.
      const mail = mails.find((one) => !seen.has(Buffer.from(one).toString("latin1")));
      for (const one of mails) seen.add(Buffer.from(one).toString("latin1"));
      const read = readByPython(mail ?? new Uint8Array());
      expect(read.subject).toBe(outgoing.message.preview);
      expect(read.from).toBe("Müller Bank <confirm@bank.example>");
      expect(read.text.replace(/\n$/, "")).toBe(revealText(outgoing.message));
      expect(parseMail(mail ?? new Uint8Array(), true).text).toBe(revealText(outgoing.message));
      for (const { value } of SAMPLE_LINES) expect(read.text.split(value)).toHaveLength(2);
      expect(read.text.replaceAll(/\s/gu, "").split(SAMPLE_CODE)).toHaveLength(2);
    }
  },
  400_000,
);

peerTest(
  "an address that OpenSMTPD does not know is permanent, and the session goes on for others",
  async () => {
    const nobody = sampleOutgoing(Phase.FULL, { peerId: "nobody@test.example" });
    expect(await ship(nobody)).toMatchObject({
      fate: "permanent",
      detail: "smtp-550",
      reason: "CHANNEL_BLOCKED_BY_USER",
    });
    expect(await ship(sampleOutgoing(Phase.FULL, { peerId: "max+tag@test.example" }))).toContain("@bank.example");
    expect(await smtpd.read("max+tag@test.example", 1)).toHaveLength(1);
  },
  400_000,
);

peerTest(
  "OpenSMTPD killed between prompt and outcome: nothing it took is lost; what it delivers again itself has one Message-ID",
  async () => {
    const id = String(await ship(full()));
    await smtpd.kill();
    const outcome = sampleOutgoing(Phase.OUTCOME, {
      ...{ peerId: ADDRESS, providerId: id, notice: sampleNotice(NoticeType.EXPIRED), deliveryId: "end" },
    });
    expect(await ship(outcome)).toMatchObject({ fate: "not-sent" });
    await smtpd.start();
    const outcomeId = String(await ship(outcome));
    // Killed after it wrote the mailbox and before it noted so, a mail server delivers again when it is back.
    let mails: readonly ParsedMail[] = [];
    const ids = (): unknown[] => mails.map(messageIdOf);
    while (!ids().includes(id) || !ids().includes(outcomeId)) {
      mails = (await smtpd.read(ADDRESS, mails.length + 1)).map((mail) => parseMail(mail, true));
    }
    expect(new Set(ids())).toEqual(new Set([id, outcomeId]));
    const codes = mails.filter(({ text }) => text.replaceAll(" ", "").includes(SAMPLE_CODE)).length;
    expect([1, 2]).toContain(codes);
  },
  400_000,
);

peerTest(
  "TLS from the first byte works; a certificate of an unknown authority ends signing in before anything is said",
  async () => {
    const implicit = channelTo(smtpd.implicitPort, "implicit", readFileSync(smtpd.caFile, "utf8"));
    expect(await implicit.signIn(AbortSignal.timeout(60_000))).toBe("");
    expect(await implicit.deliver(full(), AbortSignal.timeout(60_000))).toContain("@bank.example");
    await implicit.close();
    for (const [port, tls] of [
      [smtpd.port, "starttls"],
      [smtpd.implicitPort, "implicit"],
    ] as const) {
      const trusting = channelTo(port, tls);
      await expect(trusting.signIn(AbortSignal.timeout(60_000))).rejects.toThrow("certificate is not trusted");
      await expect(trusting.deliver(full(), AbortSignal.timeout(60_000))).rejects.toMatchObject({ fate: "not-sent" });
    }
    await expect(channelTo(smtpd.plainPort, "starttls").signIn(AbortSignal.timeout(60_000))).rejects.toThrow(
      "no STARTTLS",
    );
    expect(await smtpd.read(ADDRESS, 1)).toHaveLength(1);
  },
  400_000,
);

peerTest(
  "two servers beside each other clash neither in socket nor in queue",
  async () => {
    const other = await startOpenSmtpd(["erika"]);
    await ship(full());
    expect(await smtpd.read(ADDRESS, 1)).toHaveLength(1);
    expect(await other.read(ADDRESS)).toHaveLength(0);
    await other.stop();
  },
  400_000,
);
