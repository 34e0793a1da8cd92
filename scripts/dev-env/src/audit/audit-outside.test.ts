// What an outsider sees: a real core, `countersign audit export`, the core gone, `countersign audit verify`; and a store that
// is set back to a backup by who holds it and all its keys.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { FROM_SOURCE, ROOT, runOnce, startChild, type Child } from "@countersign/testing/child";

/** A dozen processes one after the other: long on a machine that is busy. */
const MOST_MS = 900_000;
const MAIN = "core/server/src/main.ts";
const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const store = ["--data", at("data"), "--secrets", at("secrets")];
const published = at("heads.jsonl");

let core: Child | undefined;
afterAll(() => core?.stop());

/** What stays with the outsider from the set-up on. */
let pins: readonly string[] = [];

async function serve(): Promise<string> {
  const never = ["--audit-heads-every", "0", "--audit-heads-entries", "0"];
  core = await startChild(MAIN, ["serve", ...store, "--listen", "127.0.0.1:0", "--audit-heads", published, ...never]);
  const { serverId, corePublicKey, address } = core.ready;
  pins = ["--server-id", String(serverId), "--core-key", String(corePublicKey)];
  return String(address);
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

const verify = (...args: readonly string[]): ReturnType<typeof countersign> =>
  countersign(...pins, "audit", "verify", ...args);

test(
  "what a core exports holds without it, each edit is named, and so is a history that was set back",
  async () => {
    mkdirSync(at("config"));
    const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"];
    await runOnce(MAIN, ["bootstrap", ...store, "--out", at("out"), ...names]);
    const address = await serve();
    const claim = ["admin", "claim", join(at("secrets"), "first-admin.token"), "--as", "anna", "--token-only"];
    expect(countersign("--core", address, ...claim, "--token-out", at("anna.token"))).toMatchObject({ code: 0 });
    anna(address, "audit", "export", "--out", at("one.jsonl"));
    await stop();

    // Nobody is asked any more.
    const held = verify(at("one.jsonl"), "--head", published);
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
    const second = await serve();
    anna(second, "admin", "user", "create", "erika", "--phrase", "blue teapot");
    anna(second, "audit", "export", "--since", "1", "--out", at("two.jsonl"));
    await stop();
    copyFileSync(published, at("kept.jsonl"));

    rmSync(at("data"), { recursive: true });
    cpSync(at("backup"), at("data"), { recursive: true });
    const third = await serve();
    anna(third, "audit", "export", "--since", "1", "--out", at("three.jsonl"));
    await stop();
    // Signed by the core itself, so it holds by itself: the head that was kept says what it leaves out.
    const forked = verify(at("one.jsonl"), at("three.jsonl"), "--head", at("kept.jsonl"));
    expect(forked).toEqual({ code: 20, out: expect.stringContaining("forked: ") });
  },
  MOST_MS,
);
