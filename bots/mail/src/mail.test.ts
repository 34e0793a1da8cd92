import { ChannelError, revealText, Secret, type Message, type Outgoing } from "@countersign/bot-kit";
import { Phase, SAMPLE_CODE, sampleOutgoing } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readSender } from "./address.ts";
import { composeMail, type Mail } from "./mail.ts";
import { parseMail } from "./testing/index.ts";

const ADDRESS = "erika@test.example";
const sender = readSender("Acme Bank <confirm@bank.example>");
const now = new Date("2026-11-22T13:30:00.000Z");
const full = sampleOutgoing(Phase.FULL, { peerId: ADDRESS });

function compose(more: Partial<Outgoing>, from: typeof sender = sender): Mail {
  return composeMail({ ...full, ...more }, from, now);
}

const message = (text: string, preview = "Confirmation waiting"): Message => ({
  ...{ locale: "en", direction: "ltr", preview, buttons: [] },
  blocks: [[[{ style: "value", text }]]],
});

/** The mail, or the detail with which it was refused for good. */
function composed(more: Partial<Outgoing>): string | ReturnType<typeof parseMail> {
  try {
    return parseMail(compose(more).reveal());
  } catch (error) {
    if (error instanceof ChannelError && error.fate === "permanent") return error.detail;
    throw error;
  }
}

const hostile = fc.string({
  unit: fc.constantFrom(...'aé漢😀\r\n\0\t .=?:<>,"\\\u2028\u0085', "\r\nBcc: x@y.zz\r\n", "From ", "=?utf-8?B?"),
});

test("no preview, however made, begins a header, ends the head or comes out as another subject", () => {
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: "binary" })), (preview) => {
      const mail = composed({ message: message("text", preview) });
      const refused = /[\r\n\0]/.test(preview) || !preview.isWellFormed();
      expect(typeof mail === "string" ? mail : mail.subject).toBe(refused ? "malformed-delivery" : preview);
    }),
  );
});

test("every text of the transaction comes out byte for byte, or the mail is refused: never changed, never cut", () => {
  const line = fc.oneof(
    hostile,
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary-ascii", minLength: 60, maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const one = message(lines.join("\n"));
      const mail = composed({ message: one });
      expect(typeof mail === "string" ? mail : mail.text).toBe(
        /[^\P{Cc}\n]|[\u2028\u2029]/u.test(revealText(one)) ? "malformed-delivery" : revealText(one),
      );
    }),
    { numRuns: 500 },
  );
});

test("no address, language, name or id that comes in from outside adds a header", () => {
  const names = parseMail(compose({}).reveal()).headers.map(([name]) => name);
  fc.assert(
    fc.property(hostile, hostile, hostile, (peerId, deliveryId, locale) => {
      const outgoing = { deliveryId, message: { ...full.message, locale } };
      expect(composed({ ...outgoing, peerId })).toBe("chat-not-found");
      const { headers } = parseMail(compose(outgoing).reveal());
      expect(names).toEqual(expect.arrayContaining(headers.map(([name]) => name)));
    }),
  );
});

test("a sender's name in any script arrives as it was given", () => {
  for (const name of ["Acme Bank", "Müller & Söhne", "مصرف", "A, B; (C)", "x".repeat(200)]) {
    const { headers } = parseMail(compose({}, readSender(`${name} <confirm@bank.example>`)).reveal());
    const from = Object.fromEntries(headers)["From"] ?? "";
    expect(from.replace(/^"(.*)" </, "$1 <")).toBe(`${name} <confirm@bank.example>`);
  }
});

test("lines that mail servers and mailbox files are known to change leave encoded", () => {
  const raw = Buffer.from(compose({ message: message("From here\n.\n..x\nend \n-- \n\nFrom ") }).reveal()).toString(
    "latin1",
  );
  const body = raw.slice(raw.indexOf("\r\n\r\n") + 4).split("\r\n");
  expect(body.filter((line) => /^From |^\.| $/.test(line))).toEqual([]);
  expect(raw).not.toContain("format=flowed");
});

test("the date is the time of sending in UTC, the id the same at any time", () => {
  const headers = Object.fromEntries(parseMail(compose({}).reveal()).headers);
  expect(headers["Date"]).toBe("Sun, 22 Nov 2026 13:30:00 +0000");
  const later = composeMail(full, sender, new Date(now.getTime() + 60_000));
  expect(later.messageId).toBe(headers["Message-ID"]);
});

test("a mail prints as its name", () => {
  const mail = compose({
    message: { ...full.message, blocks: [[[{ style: "code", text: new Secret("code", SAMPLE_CODE) }]]] },
  });
  expect(Buffer.from(mail.reveal()).toString()).toContain(SAMPLE_CODE);
  expect(`${mail.toString()} ${JSON.stringify(mail)} ${JSON.stringify({ ...mail })}`).not.toContain(SAMPLE_CODE);
});
