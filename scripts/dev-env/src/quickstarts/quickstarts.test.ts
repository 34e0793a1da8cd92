// The quickstarts, each by the commands of its README (quickstart-python/README.md, quickstart-go/README.md,
// quickstart-shell/README.md, quickstart-typescript/README.md), against a real installation: from the first call to the receipt.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "@countersign/testing/child";
import { fencedBlocks } from "@countersign/testing/doc-blocks";
import { tempFolder, testWith } from "@countersign/testing";
import { fromHex, verifyReceipt } from "@countersign/protocol";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setUpDesk, type Desk } from "../desk.ts";
import { readLedger, startInstallation, type Installation } from "../installation.ts";
import { connect, last, type Parts } from "../parts.ts";
import { KeyInHand } from "../person/key-in-hand.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { whileSitting } from "../person/sit.ts";

/** Debian's own, which has the stock tools; a `python3` that comes before it on the path may lack them. */
const PYTHON = "/usr/bin/python3";
const GO_QUICKSTART = join(ROOT, ".peers/go-quickstart");
const GRPCURL = join(ROOT, ".peers/grpcurl");
const peerTest = testWith("protoc-python", hasGrpcTools());
const goPeerTest = testWith("go-client", existsSync(GO_QUICKSTART));
const shellPeerTest = testWith("grpcurl", existsSync(GRPCURL));
const at = (path: string): string => join(ROOT, "examples", path);
const folder = tempFolder();
const path = `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`;
/** What npx thinks of its user's own settings is no complaint of a quickstart. */
const quietNpx = { npm_config_loglevel: "error" };
const settingsFile = join(folder, "countersign.json");
let installation: Installation;
let desk: Desk;
let parts: Parts;

beforeAll(async () => {
  for (const name of ["proto", "examples", ".peers"]) {
    if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(folder, name));
  }
  mkdirSync(join(folder, "bin"));
  symlinkSync(PYTHON, join(folder, "bin/python3"));
  installation = await startInstallation({ folder, mode: "B" });
  desk = await setUpDesk(installation, { mode: "B", userId: "anna", chatId: "3000" });
  parts = connect(installation, desk.daemonSocket);
  const { coreAddress: core, serverId, corePublicKey, submitTokenFile: tokenFile } = installation;
  const settings = { core, serverId, coreKeys: [corePublicKey], tokenFile, daemon: desk.daemonSocket, user: "anna" };
  writeFileSync(settingsFile, JSON.stringify(settings, null, 2));
}, 400_000);
afterAll(async () => {
  parts?.close();
  await desk?.stop();
  await installation?.stop();
});

interface Quickstart {
  readonly language: string;
  readonly amount: string;
  readonly payee: string;
  /** It has the key asked itself. */
  readonly asksKey?: boolean;
}

/** Runs it while its user sits at his desk, and tells what it wrote. */
async function run({ language, amount, payee, asksKey = false }: Quickstart): Promise<string[]> {
  const meant = [`Amount: ${amount}`, `To: ${payee}`, "Account: DE89 3704 0044 0532 0130 00"].join("\n");
  const key = new KeyInHand(desk.keyUrl);
  const person = { meant, pin: desk.pin, temper: "careful", key, phone: new PhoneInHand(desk.phoneUrl) } as const;
  return whileSitting(person, async () => {
    const child = spawn("bash", ["--norc", "-eu", "-c", commandsOf(language)], {
      ...{ cwd: folder, env: { ...process.env, ...quietNpx, PATH: path, COUNTERSIGN_CONFIG: settingsFile } },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      const [, id] = /^created ([0-9a-f]{32})/.exec(line) ?? [];
      if (id !== undefined && !asksKey) await takeToKey(id);
    }
    expect({ exit: await ended, complaints }).toEqual({ exit: 0, complaints: "" });
    return lines;
  });
}

/** What its README has its reader run once everything that it takes is installed. */
function commandsOf(language: string): string {
  const command = fencedBlocks(`examples/quickstart-${language}/README.md`).find(({ mark }) => mark?.how !== "not");
  if (command === undefined) throw new Error(`the README of ${language} has no commands`);
  return command.body;
}

/** As `countersign approve` does at the user's desk. */
async function takeToKey(transactionId: string): Promise<void> {
  const { transaction } = await parts.transactions.get({ transactionId });
  if (transaction === undefined) throw new Error("the core knows no such transaction");
  const { event } = await last(parts.device.sign(parts.toSign(transaction)));
  if (event?.$case !== "signed") throw new Error("the key did not sign");
  await parts.verification.submitStatement({ transactionId, signedStatement: event.value.signedStatement });
}

/** It told of its transaction and its end, and its receipt is of what was booked, once. */
function doneBy(lines: readonly string[], { payee }: Quickstart): unknown {
  const [, file = ""] = /^receipt (receipt-[0-9A-Za-z-]+\.json)$/.exec(lines.at(-1) ?? "") ?? [];
  const { serverId, corePublicKey } = installation;
  const pinned = { serverId: fromHex(serverId), publicKeys: [fromHex(corePublicKey)] };
  const finding = verifyReceipt(readFileSync(join(folder, file)), pinned);
  const booked = readLedger(installation).filter((line) => line["payee"] === payee).length;
  return { created: lines[0], receipt: finding.ok ? finding.receipt.state : finding.why, booked };
}

const DONE = {
  created: expect.stringMatching(/^created [0-9a-f]{32} [A-Z]+ [A-Z]+$/) as unknown,
  receipt: "EXECUTED",
  booked: 1,
};

test("TypeScript", async () => {
  const quickstart: Quickstart = {
    ...{ language: "typescript", amount: "EUR 42.99", payee: "Type Books Ltd", asksKey: true },
  };
  expect(doneBy(await run(quickstart), quickstart)).toEqual(DONE);
}, 400_000);

peerTest(
  "Python",
  async () => {
    const quickstart: Quickstart = { language: "python", amount: "EUR 19.99", payee: "Python Books Ltd" };
    expect(doneBy(await run(quickstart), quickstart)).toEqual(DONE);
  },
  400_000,
);

goPeerTest(
  "Go",
  async () => {
    const quickstart: Quickstart = { language: "go", amount: "EUR 25.99", payee: "Go Books Ltd" };
    expect(doneBy(await run(quickstart), quickstart)).toEqual(DONE);
  },
  400_000,
);

shellPeerTest(
  "shell",
  async () => {
    const quickstart: Quickstart = { language: "shell", amount: "EUR 31.99", payee: "Shell Books Ltd" };
    expect(doneBy(await run(quickstart), quickstart)).toEqual(DONE);
  },
  400_000,
);

test("each is one file of at most 60 lines of code", () => {
  const sources = ["typescript/src/quickstart.ts", "python/quickstart.py", "go/main.go", "shell/quickstart"];
  for (const source of sources) {
    const lines = readFileSync(at(`quickstart-${source}`), "utf8").split("\n");
    const code = lines.map((line) => line.trim()).filter((line) => line !== "" && !/^(?:\/\/|#|""")/.test(line));
    expect([source, code.length <= 60 ? "fits" : code.length]).toEqual([source, "fits"]);
  }
  expect(readdirSync(at("")).filter((name) => name.startsWith("quickstart-"))).toHaveLength(sources.length);
});

function hasGrpcTools(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import grpc, grpc_tools"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
