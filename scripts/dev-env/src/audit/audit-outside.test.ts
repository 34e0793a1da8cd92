// What an outsider sees: a real core, `countersign audit export`, the core gone, `countersign audit verify`; and a store that
// is set back to a backup by who holds it and all its keys.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { FROM_SOURCE, ROOT, runOnce, startChild, type Child } from "@countersign/testing/child";

/** A dozen processes one after the other: long on a machine that is busy. */
const MOST_MS = 900_000;
const MAIN = "core/server/src/main.ts";
const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const store = ["--data", at("data"), "--secrets", at("secrets")];
/** Where one after the other of the three cores publishes its heads. */
const headFiles = { first: at("heads-1.jsonl"), second: at("heads-2.jsonl"), third: at("heads-3.jsonl") };

let core: Child | undefined;
afterAll(() => core?.stop());

/** What stays with the outsider from the set-up on. */
let pins: readonly string[] = [];

/** It signs a head when so many changes were made since the last one, and none by time; 0: when somebody asks for one. */
async function serve(heads: string, entries: number): Promise<string> {
  const when = ["--audit-heads-every", "0", "--audit-heads-entries", String(entries)];
  core = await startChild(MAIN, ["serve", ...store, "--listen", "127.0.0.1:0", "--audit-heads", heads, ...when]);
  const { serverId, corePublicKey, address } = core.ready;
  pins = ["--server-id", String(serverId), "--core-key", String(corePublicKey)];
  return String(address);
}

/** Resolves once this head, or a later one, is signed and published. */
async function headOrLater(number: number, file: string): Promise<void> {
  const newest = (): number => {
    const line = existsSync(file) ? readFileSync(file, "utf8").split("\n").at(-2) : undefined;
    if (line === undefined) return 0;
    const { seal } = JSON.parse(line) as { readonly seal: string };
    return (JSON.parse(seal) as { readonly number: number }).number;
  };
  while (newest() < number) await sleep(50);
}

async function stop(): Promise<void> {
  expect(await core?.stop()).toBe(0);
  core = undefined;
}

function countersign(...args: readonly string[]): { readonly code: number | null; readonly out: string } {
  const cache = join(ROOT, "node_modules/.cache/compiled");
  const home = { HOME: folder, XDG_CONFIG_HOME: at("config"), NO_COLOR: "1", NODE_COMPILE_CACHE: cache };
  const env = { ...process.env, ...home };
  const words = [...FROM_SOURCE, join(ROOT, "clients/cli/src/main.ts"), ...args];
  const ran = spawnSync(process.execPath, words, { encoding: "utf8", env, cwd: folder });
  return { code: ran.status, out: `${ran.stdout}${ran.stderr}` };
}

/** As anna, with her token. */
function anna(address: string, ...args: readonly string[]): string {
  const { code, out } = countersign("--core", address, "--admin-token", at("anna.token"), ...args);
  if (code !== 0) throw new Error(`${args.join(" ")}: exit ${code}: ${out}`);
  return out;
}

/** A core on the store as it stands, a change, the next head, and what is new since the first one. */
async function goOn(heads: string, file: string): Promise<void> {
  const address = await serve(heads, 1);
  anna(address, "admin", "user", "create", "erika", "--phrase", "blue teapot");
  await headOrLater(2, heads);
  anna(address, "audit", "export", "--since", "1", "--out", at(file));
  await stop();
}

const verify = (...args: readonly string[]): ReturnType<typeof countersign> =>
  countersign(...pins, "audit", "verify", ...args);

test(
  "what a core exports holds without it, each edit is named, and so is a history that was set back",
  async () => {
    mkdirSync(at("config"));
    const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"];
    await runOnce(MAIN, ["bootstrap", ...store, "--out", at("out"), ...names]);
    const address = await serve(headFiles.first, 0);
    const claim = ["admin", "claim", join(at("secrets"), "first-admin.token"), "--as", "anna", "--token-only"];
    expect(countersign("--core", address, ...claim, "--token-out", at("anna.token"))).toMatchObject({ code: 0 });
    anna(address, "audit", "export", "--out", at("one.jsonl"));
    await headOrLater(1, headFiles.first);
    await stop();

    // Nobody is asked any more.
    const held = verify(at("one.jsonl"), "--head", headFiles.first);
    expect(held).toEqual({ code: 0, out: expect.stringContaining("audit verified against 1 signed head") });
    const lines = readFileSync(at("one.jsonl"), "utf8").split("\n");
    const first = lines.findIndex((line) => line.startsWith('{"hash"'));
    writeFileSync(
      at("edited.jsonl"),
      lines.with(first, (lines[first] ?? "").replace('"epoch":1', '"epoch":2')).join("\n"),
    );
    expect(verify(at("edited.jsonl"))).toEqual({
      code: 20,
      out: expect.stringMatching(/shard \d+: entry 1 is broken/),
    });

    cpSync(at("data"), at("backup"), { recursive: true });
    await goOn(headFiles.second, "two.jsonl");
    rmSync(at("data"), { recursive: true });
    cpSync(at("backup"), at("data"), { recursive: true });
    await goOn(headFiles.third, "three.jsonl");
    // Signed by the core itself, so it holds by itself: the heads that were kept say what it leaves out.
    expect(verify(at("one.jsonl"), at("two.jsonl"), "--head", headFiles.second)).toMatchObject({ code: 0 });
    expect(verify(at("three.jsonl"), "--head", headFiles.third)).toMatchObject({ code: 0 });
    const forked = verify(at("one.jsonl"), at("three.jsonl"), "--head", headFiles.second);
    expect(forked).toEqual({ code: 20, out: expect.stringContaining("forked: ") });
  },
  MOST_MS,
);
