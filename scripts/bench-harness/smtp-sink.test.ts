import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "@jest/globals";
import { type Mail, SmtpSession, SmtpSink, textOf } from "./smtp-sink.ts";

const HEADER = ["Content-Type: text/plain; charset=utf-8", "Subject: Your OTP"];
const MAIL = [
  "EHLO pi",
  "MAIL FROM:<pi@bench.example>",
  "RCPT TO:<ann@bench.example>",
  "DATA",
  ...HEADER,
  "",
  "123456",
  ".",
];

function talk(lines: readonly string[]): { readonly answers: (string | undefined)[]; readonly mails: Mail[] } {
  const mails: Mail[] = [];
  const session = new SmtpSession((mail) => mails.push(mail));
  return { answers: lines.map((line) => session.answer(line)?.slice(0, 3)), mails };
}

test("a mail in order is kept with its recipient and text", () => {
  const { answers, mails } = talk([...MAIL, "QUIT"]);
  expect(mails).toEqual([{ to: "ann@bench.example", text: "123456" }]);
  const silent = Array.from({ length: HEADER.length + 2 }, () => undefined);
  expect(answers).toEqual(["250", "250", "250", "354", ...silent, "250", "221"]);
});

test("dots that the client doubled are single again, and two mails go through one session", () => {
  const { mails } = talk([...MAIL, "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", ...HEADER, "", "..7", "."]);
  expect(mails[1]).toEqual({ to: "c@d", text: ".7" });
});

test.each([
  ["no greeting", ["MAIL FROM:<a@b>"], "503"],
  ["no sender", ["EHLO pi", "RCPT TO:<a@b>"], "503"],
  ["no recipient", ["EHLO pi", "MAIL FROM:<a@b>", "DATA"], "503"],
  ["no brackets", ["EHLO pi", "MAIL FROM:a@b"], "501"],
  ["the other path", ["EHLO pi", "MAIL TO:<a@b>"], "501"],
  ["something else", ["EHLO pi", "VRFY ann"], "502"],
  ["no header", ["EHLO pi", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA", "123456", "."], "554"],
])("%s is refused", (_what, lines, code) => {
  const { answers, mails } = talk(lines);
  expect(answers.at(-1)).toBe(code);
  expect(mails).toEqual([]);
});

test("base64 is read, anything stranger is not", () => {
  const base64 = [...HEADER, "Content-Transfer-Encoding: base64", "", "MTIz", "NDU2"];
  expect(textOf(base64)).toBe("123456");
  expect(() => textOf([...HEADER, "Content-Transfer-Encoding: quoted-printable", "", "1"])).toThrow("base64");
  expect(() => textOf(["Content-Type: text/html", "", "1"])).toThrow("text/plain");
});

test("over a socket, in pieces, each mail is handed out once", async () => {
  const sink = await SmtpSink.listen();
  const socket = connect(sink.port, "127.0.0.1").setEncoding("utf8");
  let heard = "";
  socket.on("data", (text: string) => (heard += text));
  const all = [...MAIL, "QUIT", ""].join("\r\n");
  socket.write(all.slice(0, 50));
  socket.write(all.slice(50));
  await once(socket, "close");
  expect(heard.split("\r\n").map((line) => line.slice(0, 3))).toEqual([
    "220",
    "250",
    "250",
    "250",
    "354",
    "250",
    "221",
    "",
  ]);
  expect(sink.take("ann@bench.example")).toBe("123456");
  expect(() => sink.take("ann@bench.example")).toThrow("no mail to ann@bench.example");
  await sink.close();
});
