import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CliWorld } from "../testing/cli.ts";

interface Vector {
  readonly name: string;
  readonly json: string;
  readonly number: string;
  readonly pinned: { readonly serverId: string; readonly publicKeys: readonly string[] };
}

const path = join(import.meta.dirname, "../../../../core/protocol/vectors/receipt.json");
const { accept }: { accept: Vector[] } = JSON.parse(readFileSync(path, "utf8"));
const [plain] = accept as [Vector];
const approved = accept.find(({ json }) => json.includes('"approvals"'))!;
const fido = accept.find(({ name }) => name.includes("FIDO2"))!;

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.open();
  const { serverId, publicKeys } = plain.pinned;
  world.write(world.config, JSON.stringify({ ...world.settings(), serverId, coreKeys: publicKeys }));
});
afterEach(() => world.close());

const keep = (name: string, json: string): string => world.write(join(world.folder, name), json);
const spoilt = (json: string): string => json.replace('"EXECUTED"', '"CONFIRMED"');

describe("verify", () => {
  test("check 30: takes several files, says of each whether it holds, and ends with how many do", async () => {
    const files = [keep("a.json", plain.json), keep("b.json", approved.json)];
    const { code, out } = await world.run("verify", ...files);
    expect(code).toBe(0);
    expect(out).toContain("b.json: receipt 2F1A-0DE0 verified: EXECUTED");
    expect(out).toContain("2 of 2 verified");
  });

  test("check 30: takes every .json file of a folder; one that does not hold is exit 20 and named", async () => {
    const folder = join(world.folder, "receipts");
    mkdirSync(folder);
    writeFileSync(join(folder, "1.json"), plain.json);
    writeFileSync(join(folder, "2.json"), spoilt(plain.json));
    writeFileSync(join(folder, "3.json"), "{}");
    writeFileSync(join(folder, "notes.txt"), "none");
    const { code, json } = await world.run("--json", "verify", folder);
    expect(code).toBe(20);
    expect(json()).toEqual([
      expect.objectContaining({ file: join(folder, "1.json"), verified: true }),
      expect.objectContaining({ file: join(folder, "2.json"), verified: false, part: "state" }),
      expect.objectContaining({ file: join(folder, "3.json"), verified: false, part: "format" }),
      { files: 3, verified: 1 },
    ]);
  });

  test("a file that cannot be read is exit 2, also beside good ones; one that is false weighs more", async () => {
    const good = keep("a.json", plain.json);
    const absent = join(world.folder, "absent.json");
    expect((await world.run("verify", absent)).code).toBe(2);
    const { code, out } = await world.run("verify", good, absent);
    expect([code, out]).toEqual([2, expect.stringContaining("absent.json cannot be read")]);
    expect((await world.run("verify", good, absent, keep("b.json", spoilt(plain.json)))).code).toBe(20);
  });

  test("a folder without receipts is exit 2: nothing was verified", async () => {
    const folder = join(world.folder, "empty");
    mkdirSync(folder);
    const { code, err } = await world.run("verify", folder);
    expect([code, err]).toEqual([2, expect.stringContaining("holds no receipt")]);
  });
});

describe("receipts print", () => {
  async function printed(json: string, ...flags: string[]): Promise<string> {
    const { code, out, err } = await world.run("receipts", "print", keep("one.json", json), "--out", "-", ...flags);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return out;
  }

  test("writes every line, who confirmed, when, and the digest of the file, readable by its owner alone", async () => {
    const { code } = await world.run("receipts", "print", keep("one.json", approved.json));
    const page = join(world.folder, `receipt-${approved.number}.html`);
    expect([code, statSync(page).mode & 0o777]).toEqual([0, 0o600]);
    const html = readFileSync(page, "utf8");
    for (const told of ["Müller GmbH", "EUR 1 250.00", "DE89 3704 0044 0532 0130 00", "treasurer", "director", "erika"])
      expect(html).toContain(told);
    expect(html).toContain("2026-11-30T14:31:46Z");
    expect(html).toContain("404142434445464748494a4b4c4d4e4f");
    expect(html).toContain(createHash("sha256").update(approved.json).digest("hex"));
  });

  test.each([
    ["en", "ltr", "Amount"],
    ["de", "ltr", "Betrag"],
    ["zh", "ltr", "金额"],
    ["ar", "rtl", "المبلغ"],
  ])("in %s: direction %s, and the line is called %s", async (language, direction, amount) => {
    const html = await printed(plain.json, "--language", language);
    expect(html).toContain(`<html lang="${language}" dir="${direction}">`);
    expect(html).toContain(`<th scope="row">${amount}</th>`);
  });

  test("takes the language of the environment, where there is such a page", async () => {
    const file = keep("one.json", plain.json);
    const args = ["--config", world.config, "receipts", "print", file, "--out", "-"];
    const { out } = await world.runWith({ env: { LANG: "de_AT.UTF-8" }, tty: false }, ...args);
    expect(out).toContain('lang="de"');
    const other = await world.runWith({ env: { LANG: "fr_FR.UTF-8" }, tty: false }, ...args);
    expect(other.out).toContain('lang="en"');
  });

  test("stands alone: no script, nothing from elsewhere, one style that its policy names", async () => {
    const html = await printed(plain.json);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|https?:|url\(|@import| on[a-z]+=/i);
    const style = /<style>([^]*)<\/style>/.exec(html)?.[1] ?? "";
    const digest = createHash("sha256").update(style).digest("base64");
    expect(html).toContain(`content="default-src 'none'; style-src 'sha256-${digest}'"`);
  });

  test("says what is weaker about a FIDO2 key", async () => {
    expect(await printed(fido.json)).toContain("Weaker: the code was typed on the PC");
  });

  test("prints nothing that does not verify: exit 20, no file", async () => {
    const out = join(world.folder, "page.html");
    const { code, err } = await world.run("receipts", "print", keep("one.json", spoilt(plain.json)), "--out", out);
    expect([code, err]).toEqual([20, expect.stringContaining("does not verify: state")]);
    expect(statSync(out, { throwIfNoEntry: false })).toBeUndefined();
  });

  test("a place that cannot be written is exit 69 and named; a language that is none is exit 2", async () => {
    const file = keep("one.json", plain.json);
    const { code, err } = await world.run("receipts", "print", file, "--out", join(world.folder, "no", "page.html"));
    expect([code, err]).toEqual([69, expect.stringContaining("page.html")]);
    expect((await world.run("receipts", "print", file, "--language", "xx")).code).toBe(2);
  });
});
