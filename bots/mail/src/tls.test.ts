import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret, silentLog, systemTimer } from "@countersign/bot-kit";
import { FakeCore, Phase, sampleOutgoing } from "@countersign/bot-kit/testing";
import { startChild, tempFolder, testWith, type Child } from "@countersign/testing";
import { opensslPresent, selfSigned, type SelfSigned } from "@countersign/testing/mail";
import { beforeAll, expect } from "@jest/globals";
import { SMTPServer } from "smtp-server";
import { readSender } from "./address.ts";
import { MailChannel } from "./mail-channel.ts";
import type { SmtpServer } from "./smtp-session.ts";
import { FakeSmtp } from "./testing/index.ts";

const peerTest = testWith("openssl", opensslPresent);
const folder = tempFolder();
const ADDRESS = "erika@test.example";
let certificate: SelfSigned;

beforeAll(() => {
  if (opensslPresent) certificate = selfSigned(folder);
});

function channelTo(port: number, more: Partial<SmtpServer>): MailChannel {
  const server = { host: "127.0.0.1", port, tls: "starttls", ca: certificate.cert, login: undefined, ...more } as const;
  const sender = readSender("confirm@bank.example");
  return new MailChannel({ server, sender, timer: systemTimer, log: silentLog });
}

const full = sampleOutgoing(Phase.FULL, { peerId: ADDRESS });

peerTest("by STARTTLS and by TLS at once: nothing but EHLO leaves before TLS, one session carries many", async () => {
  for (const tls of ["starttls", "implicit"] as const) {
    const smtp = await FakeSmtp.start({ tls: certificate, implicit: tls === "implicit" });
    const mailbox = smtp.open(ADDRESS);
    const channel = channelTo(smtp.port, { tls });
    await channel.signIn(AbortSignal.timeout(60_000));
    for (let at = 0; at < 3; at += 1) await channel.deliver(full, AbortSignal.timeout(60_000));
    expect(mailbox.mails).toHaveLength(3);
    expect(smtp.connections).toBe(1);
    expect(smtp.violations).toEqual([]);
    await channel.close();
    await smtp.stop();
  }
});

peerTest("a server that stops offering STARTTLS, or breaks the handshake, gets nothing", async () => {
  const smtp = await FakeSmtp.start({ tls: certificate });
  smtp.open(ADDRESS);
  const channel = channelTo(smtp.port, {});
  smtp.faults.add({ stage: "STARTTLS", kind: "answer", code: 454, text: "Not now" });
  const not = { fate: "not-sent", detail: "smtp-454" };
  await expect(channel.deliver(full, AbortSignal.timeout(60_000))).rejects.toMatchObject(not);
  smtp.faults.add({ stage: "STARTTLS", kind: "garbage" });
  await expect(channel.deliver(full, AbortSignal.timeout(60_000))).rejects.toMatchObject({ fate: "not-sent" });
  smtp.faults.add({ stage: "STARTTLS", kind: "reset" });
  await expect(channel.deliver(full, AbortSignal.timeout(60_000))).rejects.toMatchObject({ fate: "not-sent" });
  expect(smtp.commands.filter((command) => !/^(?:EHLO|STARTTLS)/.test(command))).toEqual([]);
  expect(await channel.deliver(full, AbortSignal.timeout(60_000))).toContain("@bank.example");
  await channel.close();
  await smtp.stop();
});

peerTest(
  "a certificate of an unknown authority ends the bot, also where the environment would let it pass",
  async () => {
    const smtp = await FakeSmtp.start({ tls: certificate });
    const core = await FakeCore.start();
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, core.token);
    const flags = ["--core", core.address, "--plaintext", "--token-file", tokenFile, "--from", "a@bank.example"];
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const start = async (more: readonly string[]): Promise<Child> =>
      startChild("bots/mail/src/main.ts", [...flags, "--smtp", smtp.address, ...more], env);
    await expect(start([])).rejects.toThrow(/ended with 69 .*certificate is not trusted.*--smtp-ca/s);
    expect(smtp.commands.filter((command) => !/^(?:EHLO|STARTTLS)/.test(command))).toEqual([]);
    const trusting = await start(["--smtp-ca", certificate.certFile]);
    expect(await trusting.stop()).toBe(0);
    core.stop();
    await smtp.stop();
  },
);

peerTest("a mail server of other authors takes the mail, with credentials, over TLS", async () => {
  const taken: string[] = [];
  const server = new SMTPServer({
    secure: true,
    key: certificate.key,
    cert: certificate.cert,
    onAuth: (auth, _session, done) => done(auth.password === "right" ? null : new Error("no"), { user: "bot" }),
    onData: (stream, _session, done) => {
      let text = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      stream.on("end", () => {
        taken.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const login = { user: "bot", password: new Secret("smtp password", "right") };
  const channel = channelTo(port, { tls: "implicit", login });
  await channel.signIn(AbortSignal.timeout(60_000));
  await channel.deliver(full, AbortSignal.timeout(60_000));
  expect(taken).toEqual([expect.stringContaining("Auto-Submitted: auto-generated")]);
  const wrong = channelTo(port, {
    tls: "implicit",
    login: { ...login, password: new Secret("smtp password", "wrong") },
  });
  await expect(wrong.signIn(AbortSignal.timeout(60_000))).rejects.toThrow("--smtp-password-file");
  await channel.close();
  await new Promise<void>((resolve) => server.close(resolve));
});
