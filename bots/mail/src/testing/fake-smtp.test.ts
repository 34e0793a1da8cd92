import { connect, type Socket } from "node:net";
import { startChild } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FakeSmtp } from "./fake-smtp.ts";

const ADDRESS = "erika@test.example";
const MAIL = [
  ...["Date: Sun, 22 Nov 2026 13:30:00 +0000", "From: a@bank.example", `To: ${ADDRESS}`, "Subject: Waiting"],
  ...["Message-ID: <1@bank.example>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"],
  ...["Content-Transfer-Encoding: quoted-printable", "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All"],
];
const ENVELOPE = ["EHLO me", "MAIL FROM:<a@bank.example>", `RCPT TO:<${ADDRESS}>`, "DATA"];
let smtp: FakeSmtp;

beforeEach(async () => {
  smtp = await FakeSmtp.start();
  smtp.open(ADDRESS);
});

afterEach(async () => smtp.stop());

/** Says it all at once; resolves with all that was answered once the server has nothing more to say. */
async function say(port: number, bytes: string): Promise<string> {
  const socket: Socket = connect(port, "127.0.0.1");
  let answers = "";
  socket.setEncoding("utf8").on("data", (text: string) => (answers += text));
  socket.on("error", () => undefined);
  socket.end(bytes);
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return answers;
}

const content = (head: readonly string[], body: string): string =>
  `${ENVELOPE.join("\r\n")}\r\n${head.join("\r\n")}\r\n\r\n${body}\r\n.\r\nQUIT\r\n`;

test("a right mail is taken, and read as its reader would", async () => {
  expect(await say(smtp.port, content(MAIL, "..one=C3=BC=\r\n two"))).toContain("250 2.0.0 Taken");
  expect(smtp.open(ADDRESS).view()).toMatchObject({
    version: 1,
    messages: [{ id: "1", text: ".oneü two", subject: "Waiting" }],
  });
  expect(smtp.violations).toEqual([]);
});

test.each([
  ["a line ended by LF alone", "EHLO me\n"],
  ["a bare CR", "EHLO me\rX\r\n"],
  ["a line without end", `EHLO ${"x".repeat(1_100)}`],
  ["an unknown command", "VRFY me\r\n"],
  ["MAIL before EHLO", "MAIL FROM:<a@bank.example>\r\n"],
  ["a second MAIL", "EHLO me\r\nMAIL FROM:<a@bank.example>\r\nMAIL FROM:<a@bank.example>\r\n"],
  ["a parameter that no mail needs", "EHLO me\r\nMAIL FROM:<a@bank.example> X=1\r\n"],
  ["credentials that nobody asked for", "EHLO me\r\nAUTH PLAIN AGEAYg==\r\n"],
  ["an unknown header", content(["Bcc: x@y.zz", ...MAIL], "text")],
  ["a header twice", content([...MAIL, "Subject: x"], "text")],
  ["a missing header", content(MAIL.slice(1), "text")],
  ["an 8-bit byte", content(MAIL, "\xFC")],
  ["a line longer than quoted-printable allows", content(MAIL, "x".repeat(77))],
  ["an equals sign that encodes nothing", content(MAIL, "a=b")],
  ["bytes that are no UTF-8", content(MAIL, "=FF")],
])("%s is kept as a violation, and nothing is taken", async (_what, bytes) => {
  await say(smtp.port, bytes);
  expect(smtp.violations).toHaveLength(1);
  expect(smtp.open(ADDRESS).mails).toEqual([]);
});

test("an unknown fault is refused by its name", () => {
  expect(() => smtp.faults.add({ stage: "NOOP" as never, kind: "reset" })).toThrow('no stage "NOOP"');
  expect(() => smtp.faults.add({ stage: "end", kind: "explode" as never })).toThrow('no kind "explode"');
  expect(() => smtp.faults.add({ stage: "end", kind: "answer" })).toThrow("needs a code");
});

test("as a process: mailboxes are opened, read and waited for by REST, faults set, all in one line of readiness", async () => {
  const fake = await startChild("bots/mail/src/testing/fake-smtp-main.ts", [
    "--listen",
    "127.0.0.1:0",
    "--mailbox",
    ADDRESS,
  ]);
  const { ready, origin, smtp: address } = fake.ready as { ready: boolean; origin: string; smtp: string };
  expect(ready).toBe(true);
  const port = Number(address.split(":")[1]);
  const ask = async (path: string, method = "GET", body?: object): Promise<unknown> =>
    (await fetch(`${origin}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })).json();
  const waiting = ask(`/mailbox/${ADDRESS}/messages?after=0`);
  await say(port, content(MAIL, "text"));
  const seen = { version: 1, messages: [{ id: "1", text: "text", subject: "Waiting", buttons: [], deleted: false }] };
  expect(await waiting).toMatchObject(seen);
  expect(await ask("/mailbox/nobody@test.example/messages")).toEqual({ version: 0, messages: [] });
  expect(await ask("/mailbox/max@test.example/open", "POST")).toEqual({ ok: true });
  expect(await ask("/mailbox/max/open", "POST")).toEqual({ error: "no mail address" });
  expect(await ask("/faults", "POST", { stage: "greeting", kind: "answer", code: 421 })).toEqual({ ok: true });
  expect(await say(port, "")).toMatch(/^421 /);
  expect(await ask("/faults", "DELETE")).toEqual({ ok: true });
  expect(await ask("/history")).toMatchObject({
    violations: [],
    commands: expect.arrayContaining(["DATA"]),
  });
  expect(await ask("/nothing")).toEqual({ error: "no such thing here" });
  expect(await fake.stop()).toBe(0);
});
