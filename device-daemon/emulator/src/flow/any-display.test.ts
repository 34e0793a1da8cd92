import { describe, expect, test } from "@jest/globals";
import {
  decodeKeyInfo,
  decodeSigned,
  encodeMessage,
  encodeRequest,
  HidCommand,
  Status,
  Subcommand,
} from "@countersign/key-protocol";
import { decodeStatement, encodeContent, parseSigned, type Statement, toHex, txDigestOf } from "@countersign/protocol";
import { type DisplaySize, LARGEST, SMALLEST, USUAL } from "../display/display-size.ts";
import { transactionPages } from "../display/transaction-pages.ts";
import { Firmware } from "../firmware.ts";
import type { KeypadKey } from "../prompt.ts";
import { Runner } from "../runner.ts";
import { FingerGuard } from "../storage/finger-guard.ts";
import { PinGuard } from "../storage/pin-guard.ts";
import { Vault } from "../storage/vault.ts";
import { UserSession } from "../user-session.ts";
import { menuFlow } from "./menu-flow.ts";
import { Bench, paymentContent, PIN, presentRequest, readyBench } from "../testing/bench.ts";
import { KIND_SAMPLES } from "../testing/sample-contents.ts";

const DISPLAYS: readonly DisplaySize[] = [SMALLEST, { columns: 20, rows: 4 }, USUAL, { columns: 32, rows: 8 }, LARGEST];

function statementOf(bench: Bench): Statement {
  const answer = bench.answer();
  if (!("body" in answer)) throw new Error(`status ${answer.status}`);
  return decodeStatement(parseSigned(decodeSigned(answer.body)).payload);
}

/** Pages of the payment on this display. */
function pagesOf(size: DisplaySize): number {
  const { bench, keyId } = readyBench({ size });
  bench.request(bench.open(), presentRequest(keyId));
  let pages = 0;
  for (; bench.page() === "pages"; pages++) bench.press("next");
  return pages;
}

describe.each(DISPLAYS)("on $columns x $rows", (size) => {
  test("getInfo says so", () => {
    const bench = new Bench({ size });
    bench.request(bench.open(), { subcommand: Subcommand.GET_INFO });
    const answer = bench.answer();
    expect("body" in answer && decodeKeyInfo(answer.body).display).toEqual(size);
  });

  test("claim 07, claim 21: a payment is read, proven and approved by next, digits and OK alone", () => {
    const { bench, keyId } = readyBench({ size });
    bench.request(bench.open(), presentRequest(keyId));
    const pages: string[] = [];
    while (bench.page() === "pages") {
      pages.push(bench.rows().join("\n"));
      bench.press("next");
    }
    expect(new Set(pages).size).toBe(pages.length);
    bench.type(PIN);
    bench.type("482915");
    expect(statementOf(bench)).toMatchObject({ decision: 1, shown: 1, userVerification: 1 });
  });

  test("claim 07: no order of keys leads to PIN or code before every page was on the display", () => {
    const { bench, keyId } = readyBench({ size });
    bench.request(bench.open(), presentRequest(keyId));
    const seen = new Set([bench.rows().join("\n")]);
    const total = pagesOf(size);
    const keys = ["4", "back", "next", "erase", "back", "ok", "0", "next", "back", "back", "next", "next"] as const;
    for (let at = 0; bench.page() === "pages"; at++) {
      bench.press(keys[at % keys.length] ?? "next");
      if (bench.page() === "pages") seen.add(bench.rows().join("\n"));
    }
    expect(bench.page()).toBe("pin");
    expect(seen.size).toBe(total);
  });

  test("claim 10: a reject goes from every page, without PIN, and says how much was on the display", () => {
    const total = pagesOf(size);
    const { bench, keyId } = readyBench({ size });
    for (let turns = 0; turns <= total; turns++) {
      bench.request(bench.open(), presentRequest(keyId));
      for (let at = 0; at < turns; at++) bench.press("next");
      bench.press("reject", "3", "ok");
      const shown = turns >= total - 1 ? 1 : 2;
      expect(statementOf(bench)).toMatchObject({ decision: 2, reason: 3, shown, userVerification: 0 });
    }
  });

  test("claim 07: pages of the key's own are read to the end before OK counts", () => {
    const { bench } = readyBench({ size });
    const link = KIND_SAMPLES.find(({ name }) => name === "link")?.content;
    if (link === undefined) throw new Error("no sample");
    const keyId = bench.store.load()?.credentials[0]?.keyId ?? new Uint8Array(0);
    bench.request(bench.open(), presentRequest(keyId, { content: encodeContent(link) }));
    while (bench.page() === "pages") bench.press("ok");
    const said = new Set<string>();
    while (bench.page() === "link-warning") {
      for (const row of bench.rows()) said.add(row.trim());
      bench.press("ok");
    }
    const words = [...said].join(" ");
    for (const word of "Your own phone must show these lines; a code you saw on the PC is false.".split(" ")) {
      expect(words).toContain(word);
    }
    expect(bench.page()).toBe("pin");
  });

  test("claim 07: unusual letters are among the pages that must be seen, and not in what is signed", () => {
    const { bench, keyId } = readyBench({ size });
    const content = paymentContent("Pawe\u0142 M\u00FCller");
    bench.request(bench.open(), presentRequest(keyId, { content }));
    const rows: string[] = [];
    while (bench.page() === "pages") {
      rows.push(...bench.rows());
      bench.press("next");
    }
    expect(rows.some((row) => row.includes("\u0142 U+0142"))).toBe(true);
    bench.type(PIN);
    bench.type("482915");
    expect(toHex(statementOf(bench).txDigest)).toBe(toHex(txDigestOf(content)));
  });
});

describe("threat 24: what is signed is what was rendered", () => {
  test("the host's buffer may change after the request was taken: pages, tag and digest stay those of what was taken", () => {
    const { bench, keyId } = readyBench();
    const content = paymentContent();
    const expected = toHex(txDigestOf(content));
    const request = presentRequest(keyId, { content });
    const reports = encodeMessage(bench.open(), HidCommand.COUNTERSIGN, encodeRequest(request));
    bench.send(...reports);
    const first = bench.rows();
    for (const report of reports) report.fill(0xee);
    content.fill(0xee);
    request.nonce.fill(0xee);
    request.txId.fill(0xee);
    bench.press("next", "back");
    expect(bench.rows()).toEqual(first);
    bench.press("next", "next", "next", "next");
    bench.type(PIN);
    bench.type("482915");
    const statement = statementOf(bench);
    expect(toHex(statement.txDigest)).toBe(expected);
    expect(toHex(statement.nonce)).toBe("17".repeat(32));
  });

  test("nor does it matter what becomes of the very message that the firmware was handed", () => {
    const { bench, keyId } = readyBench();
    const vault = new Vault(bench.store);
    const clock = { now: () => 0 };
    const device = {
      ...{ profile: bench.profile, clock, random: (length: number) => new Uint8Array(length), vault },
      ...{
        pin: new PinGuard(vault, () => new Uint8Array(16)),
        finger: new FingerGuard(vault, () => new Uint8Array(16), true),
      },
      session: new UserSession(clock),
    };
    const runner = new Runner(device, () => menuFlow(device));
    const request = presentRequest(keyId);
    const message = encodeRequest(request);
    const replies: Uint8Array[] = [];
    new Firmware(device, runner).begin(1, message, (reply) => replies.push(reply));
    message.fill(0xee);
    const keys = ["next", "next", "next", "next", ...PIN, "ok", "1", "2", "3", "4", "5", "6", "ok"] as const;
    for (const key of keys) runner.input({ type: "key", key: key as KeypadKey });
    runner.tick();
    const statement = decodeStatement(parseSigned(decodeSigned(replies[0]?.slice(1) ?? new Uint8Array(0))).payload);
    expect(statement).toMatchObject({
      txId: request.txId,
      nonce: request.nonce,
      txDigest: txDigestOf(request.content),
    });
  });

  test("a second present during the first is busy; on the other interface too; the first goes on as it was", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    const other = bench.open();
    const evil = presentRequest(keyId, { content: paymentContent("Mallory Ltd") });
    bench.request(channel, presentRequest(keyId));
    bench.press("next");
    const shown = bench.rows();
    for (const from of [channel, other]) {
      bench.request(from, evil);
      expect(bench.last().command).toBe(HidCommand.ERROR);
      expect(bench.rows()).toEqual(shown);
    }
    bench.press("next", "next", "next");
    bench.type(PIN);
    bench.request(channel, evil);
    bench.type("482915");
    expect(toHex(statementOf(bench).txDigest)).toBe(toHex(txDigestOf(paymentContent())));
  });

  test("the pages on the display are those of the digest: another byte, other pages and another digest", () => {
    for (const payee of ["M\u00FCller GmbH", "Mueller GmbH"]) {
      const { bench, keyId } = readyBench();
      const request = presentRequest(keyId, { content: paymentContent(payee) });
      bench.request(bench.open(), request);
      const seen: (readonly string[])[] = [];
      while (bench.page() === "pages") {
        seen.push(bench.rows());
        bench.press("next");
      }
      bench.type(PIN);
      bench.type("482915");
      expect(toHex(statementOf(bench).txDigest)).toBe(toHex(txDigestOf(request.content)));
      expect(seen.flat().some((row) => row.trim() === payee)).toBe(true);
    }
  });

  test("INIT in the middle ends it: nothing is signed, the display is free", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    bench.request(channel, presentRequest(keyId));
    bench.press("next");
    bench.send(...encodeMessage(channel, HidCommand.INIT, new Uint8Array(8)));
    expect(bench.page()).toBe("idle");
    expect(bench.store.load()?.credentials[0]?.counter).toBe(0);
  });
});

describe("claim 07: what the glyphs cannot show is refused on every display, before anything is shown", () => {
  test.each(DISPLAYS)("$columns x $rows", (size) => {
    const { bench, keyId } = readyBench({ size, glyphs: "ascii" });
    bench.request(bench.open(), presentRequest(keyId));
    expect(bench.answer()).toMatchObject({ status: Status.UNRENDERABLE, codePoint: 0xfc, rule: "no-glyph" });
    const said: string[] = [];
    while (bench.page() === "cannot-show") {
      said.push(...bench.rows());
      bench.press("ok");
    }
    const words = said.join(" ").replaceAll(/ +/g, " ");
    for (const part of ["CANNOT SHOW", "To U+00FC", "cannot", "nothing was"]) expect(words).toContain(part);
    expect(words).not.toContain("\u00FC");
    expect(bench.store.load()?.credentials[0]?.counter).toBe(0);
  });
});

test("claim 12: PIN, new PIN and code are typed here: no report carries any of them, in any form", () => {
  const { bench, keyId } = readyBench({ finger: true });
  bench.request(bench.open(), presentRequest(keyId));
  bench.press("next", "next", "next", "next");
  bench.type("135790");
  bench.type(PIN);
  bench.type("86420975");
  bench.request(bench.open(), { subcommand: Subcommand.CHANGE_PIN });
  bench.type(PIN);
  bench.type("11992288");
  bench.type("11992288");
  expect(bench.answer().status).toBe(Status.OK);
  const sent = Buffer.concat(bench.reports.map(({ bytes }) => bytes));
  for (const digits of ["135790", PIN, "86420975", "11992288"]) {
    const forms = [
      Buffer.from(digits),
      Buffer.from(digits, "hex"),
      Buffer.from(digits, "utf16le"),
      Buffer.from([...digits].map(Number)),
    ];
    expect(forms.filter((form) => sent.includes(form))).toEqual([]);
  }
});

test("claim 24, check 26: a session of verifyUser ends with one signature, with 60 s, with its channel, with a new PIN", () => {
  const { bench, keyId } = readyBench();
  const verified = (): number => {
    const channel = bench.open();
    bench.request(channel, { subcommand: Subcommand.VERIFY_USER, method: 1 });
    bench.type(PIN);
    return channel;
  };
  const proofPage = (channel: number): string => {
    bench.request(channel, presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    const page = bench.page();
    bench.press("reject", "1", "ok");
    return page;
  };
  const used = verified();
  expect([proofPage(used), proofPage(used)]).toEqual(["code", "pin"]);
  const late = verified();
  bench.pass(60_000);
  expect(proofPage(late)).toBe("pin");
  const mine = verified();
  expect([proofPage(bench.open()), proofPage(mine)]).toEqual(["pin", "pin"]);
  const replaced = verified();
  bench.input({ type: "hold" });
  bench.press("1");
  bench.type(PIN);
  bench.type(PIN);
  bench.type(PIN);
  bench.press("ok");
  expect(proofPage(replaced)).toBe("pin");
});

test("the engine itself is pure: the same content, tag and size give the same pages", () => {
  const content = KIND_SAMPLES[0]?.content;
  if (content === undefined) throw new Error("no sample");
  for (const size of DISPLAYS)
    expect(transactionPages(content, "A B", size)).toEqual(transactionPages(content, "A B", size));
});
