// What a host is told and what happens to it when somebody says no, lies, or is not there: nothing runs.
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { encodeContent, Label, txDigestOf } from "@countersign/protocol";
import { CodeServiceService } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { ExecutionServiceService } from "@countersign/proto/node/core/v1/execution_service";
import { ReceiptServiceService } from "@countersign/proto/node/core/v1/receipt_service";
import {
  TransactionServiceService,
  type Transaction,
  type TransactionServiceCreateRequest,
  type TransactionServiceCreateResponse,
} from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import { tempFolder } from "@countersign/testing";
import { pretend } from "../mitm/alter.ts";
import { startProxy, type Tamper } from "../mitm/proxy.ts";
import { Reason } from "../scenarios/hands.ts";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { expectEnd, startHost, type HostGiven, type HostRun } from "./host.ts";

const CORE = "/countersign.core.v1";
const SERVICES = [
  ...[TransactionServiceService, VerificationServiceService, ExecutionServiceService],
  ...[ReceiptServiceService, CodeServiceService],
];

const folder = tempFolder();
let scene: Scene;
let somebody: Somebody;
/** Is there once the command has run. */
let mark: string;
let script: string;
let marks = 0;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close());
beforeEach(async () => {
  somebody = await scene.user();
  mark = join(folder, `ran-${(marks += 1)}`);
  script = write(join(somebody.desk.folder, `place-${marks}`), "touch");
});

/** A script that leaves a mark, in a folder of its own. */
function write(place: string, verb: string): string {
  mkdirSync(place, { recursive: true });
  const path = join(place, "run.sh");
  writeFileSync(path, `#!/bin/sh\n${verb} ${mark}\n`, { mode: 0o700 });
  return path;
}

function exec(given: Partial<HostGiven> = {}, ...args: string[]): HostRun {
  return startHost({ installation: scene.installation, desk: somebody.desk, ...given }, "exec", ...args);
}

/** What ran, once it has ended as it should. */
async function whatRan(run: HostRun, exit: number, words: string): Promise<"nothing" | "the command"> {
  const { stdout, stderr } = await expectEnd(run, exit);
  expect(stderr).toContain(words);
  return stdout === "" && !existsSync(mark) ? "nothing" : "the command";
}

/** Confirms, with something happening before the code is typed. */
async function confirmAfter(change: () => void): Promise<void> {
  const { hands } = somebody;
  const code = await hands.codeFor(await hands.readAndProve());
  change();
  await hands.key.type(code);
}

describe("what changes between show and run", () => {
  test.each<[string, string, () => void]>([
    ["the program is written in place", "was written", () => writeFileSync(script, "#!/bin/sh\nmkdir x\n")],
    ["another one is renamed over it", "is another program", () => renameSync(write(`${script}.d`, "mkdir"), script)],
    ["it is gone", "is no executable file", () => rmSync(script)],
  ])(
    "%s: refused, and the phone is told",
    async (_name, words, change) => {
      const run = exec({}, "--", script);
      await confirmAfter(change);
      expect(await whatRan(run, 24, words)).toBe("nothing");
      await somebody.hands.phoneSays("could not carry it out");
    },
    400_000,
  );

  test("the link that leads to it is bent", async () => {
    const link = join(somebody.desk.folder, "link");
    symlinkSync(script, link);
    const other = write(join(somebody.desk.folder, "other"), "mkdir");
    const run = exec({}, "--", link);
    await confirmAfter(() => {
      symlinkSync(other, `${link}.new`);
      renameSync(`${link}.new`, link);
    });
    expect(await whatRan(run, 24, "is another program")).toBe("nothing");
  }, 400_000);

  test.each<[string, () => void]>([
    ["the program is written in place", () => writeFileSync(script, `#!/bin/sh\nmkdir ${mark}\n`)],
    ["another one is renamed over it", () => renameSync(write(`${script}.d`, "mkdir"), script)],
  ])(
    "%s while whoever stands between host and core holds back the answer to Begin: refused",
    async (_name, change) => {
      const tamper: Tamper = async function* ({ method, request }, forward) {
        for await (const answer of forward(request)) {
          if (method === `${CORE}.ExecutionService/Begin`) change();
          yield answer;
        }
      };
      await through(tamper, async (installation) => {
        const run = exec({ installation }, "--", script);
        await somebody.hands.confirm();
        expect(await whatRan(run, 24, "Nothing was run")).toBe("nothing");
      });
      await somebody.hands.phoneSays("could not carry it out");
    },
    400_000,
  );

  test("the directory is another one under the same name", async () => {
    const cwd = join(somebody.desk.folder, "work");
    mkdirSync(cwd);
    const run = exec({ cwd }, "--", script);
    await confirmAfter(() => {
      renameSync(cwd, `${cwd}.old`);
      mkdirSync(cwd);
    });
    expect(await whatRan(run, 24, "Nothing was run")).toBe("nothing");
  }, 400_000);
});

describe("somebody says no, or lies", () => {
  test("rejected on the key, in the chat, and withdrawn by Ctrl-C", async () => {
    const onKey = exec({}, "--", script);
    await somebody.hands.keyShows("pages");
    await somebody.hands.reject(Reason.WRONG_DATA);
    expect(await whatRan(onKey, 10, "REJECTED")).toBe("nothing");
    const inChat = exec({}, "--", script);
    const message = await somebody.hands.phoneSays(String((await inChat.tells("tag"))["tag"]));
    await somebody.hands.phone.press(message, "Wrong data");
    expect(await whatRan(inChat, 13, "REJECTED")).toBe("nothing");
    const interrupted = exec({}, "--", script);
    await somebody.hands.isAsked();
    interrupted.process.kill("SIGINT");
    expect(await whatRan(interrupted, 17, "CANCELLED")).toBe("nothing");
  }, 400_000);

  test("malware gives the core another argument: TAMPERED", async () => {
    const meant = new Map<string, TransactionServiceCreateRequest>();
    const shown = (one: Transaction): Transaction => {
      const original = meant.get(one.transactionId);
      return original === undefined ? one : pretend(one, original);
    };
    const tamper: Tamper = async function* (call, forward) {
      if (call.method !== `${CORE}.TransactionService/Create`) {
        for await (const answer of forward(call.request)) {
          const { transaction } = answer as { transaction?: Transaction };
          yield transaction === undefined ? answer : { ...(answer as object), transaction: shown(transaction) };
        }
        return;
      }
      const original = call.request as TransactionServiceCreateRequest;
      const fields = original.fields.map((field) =>
        field.label === Label.ARGUMENT ? { ...field, value: { $case: "text" as const, value: "/etc" } } : field,
      );
      for await (const answer of forward({ ...original, fields })) {
        const response = answer as TransactionServiceCreateResponse;
        if (response.transaction !== undefined) meant.set(response.transaction.transactionId, original);
        yield { ...response, transaction: response.transaction && shown(response.transaction) };
      }
    };
    await through(tamper, async (installation) => {
      const run = exec({ installation }, "--", script, "/tmp/old");
      const { hands } = somebody;
      // The phone shows what the core holds; a careless user types its code all the same.
      await hands.readAndProve();
      const message = await hands.phoneSays("Argument: /etc");
      const [, code = ""] = /Code:? +([\d ]+)/.exec(message.text) ?? [];
      await hands.key.type(code.replaceAll(" ", ""));
      expect(await whatRan(run, 12, "TAMPERED")).toBe("nothing");
    });
  }, 400_000);

  test("malware says that it is confirmed and claimed, with a receipt as good as it can make it: exit 20", async () => {
    let created: Transaction | undefined;
    const tamper: Tamper = async function* ({ method, request }, forward) {
      if (method === `${CORE}.TransactionService/Watch` && created !== undefined) {
        yield { transaction: { ...created, state: State.CONFIRMED }, cursor: "1" };
      } else if (method === `${CORE}.ExecutionService/Claim` && created !== undefined) {
        const { issuerName: issuer, kind, lines, transactionId } = created;
        const content = Buffer.from(encodeContent({ version: 1, issuer, kind, lines } as never));
        const claimed = {
          transactionId,
          userId: "",
          kind,
          fields: [],
          content,
          txDigest: Buffer.from(txDigestOf(content)),
        };
        yield { lease: { fence: 1n, until: undefined }, claimed };
      } else if (method === `${CORE}.ReceiptService/Get` && created !== undefined) {
        yield { receipt: Buffer.from("{}") };
      } else {
        for await (const answer of forward(request)) {
          if (method === `${CORE}.TransactionService/Create`)
            created = (answer as TransactionServiceCreateResponse).transaction;
          yield answer;
        }
      }
    };
    await through(tamper, async (installation) => {
      const words = ["--elsewhere", "--", script];
      expect(await whatRan(exec({ installation }, ...words), 20, "nothing was done")).toBe("nothing");
    });
  }, 400_000);
});

/** With malware between the host and its core. */
async function through(
  tamper: Tamper,
  work: (installation: HostGiven["installation"]) => Promise<void>,
): Promise<void> {
  const target = scene.installation.coreAddress;
  const proxy = await startProxy({ listen: "127.0.0.1:0", target, services: SERVICES, tamper });
  try {
    const { submitTokenFile, executeTokenFile, serverId, corePublicKey } = scene.installation;
    await work({ coreAddress: proxy.address, submitTokenFile, executeTokenFile, serverId, corePublicKey });
  } finally {
    proxy.close();
  }
}

describe("somebody is not there", () => {
  test("core, daemon, token, command: each ends it at once and says what to do", async () => {
    expect(
      await whatRan(exec({ flags: ["--core", "127.0.0.1:9", "--patience", "0"] }, "--", script), 69, "does not answer"),
    ).toBe("nothing");
    expect(
      await whatRan(exec({ flags: ["--daemon", "/nowhere"] }, "--", script), 69, "start it, or name its socket"),
    ).toBe("nothing");
    expect(await whatRan(exec({ flags: ["--execute-token", "/nowhere"] }, "--", script), 69, "no such file")).toBe(
      "nothing",
    );
    const pinned = ["--server-id", "00".repeat(16)];
    expect(await whatRan(exec({ flags: pinned }, "--", script), 20, "not the installation that is pinned")).toBe(
      "nothing",
    );
    expect(await whatRan(exec({ flags: ["--token-file", "/nowhere"] }, "--", script), 69, "token file /nowhere")).toBe(
      "nothing",
    );
    expect(await whatRan(exec({}, "--", `${script}.none`), 2, "is no executable file")).toBe("nothing");
    expect(await whatRan(exec({}, "--", "nobody-has-this"), 2, "not found in /usr/local/sbin")).toBe("nothing");
    expect(await whatRan(exec({}, "--env", "NOT_SET", "--", script), 2, "--env NOT_SET")).toBe("nothing");
    expect(
      await whatRan(exec({}, "--", script, ...Array.from({ length: 30 }, String)), 2, "put them into a script"),
    ).toBe("nothing");
    expect(await whatRan(exec({}), 2, "expected a command")).toBe("nothing");
  }, 400_000);

  test("the host dies while the command runs: nobody else takes it up, and a person says how it ended", async () => {
    const fifo = join(somebody.desk.folder, "fifo");
    const run = exec({}, "--request-id", "one", "--", "/bin/sh", "-c", `mkfifo ${fifo}; echo runs; read x < ${fifo}`);
    const runs = once(createInterface({ input: run.process.stdout as Readable }), "line");
    const { transactionId } = await run.tells("tag");
    await somebody.hands.confirm();
    await run.tells("state", "EXECUTING");
    expect(await runs).toEqual(["runs"]);
    // The command has its host's stdout, which stays open as long as it lives: the process alone is waited for.
    const exited = once(run.process, "exit");
    run.process.kill("SIGKILL");
    expect(await exited).toEqual([null, "SIGKILL"]);
    expect(await whatRan(exec({}, "--request-id", "one", "--", script), 22, "under this id")).toBe("nothing");
    const id = String(transactionId);
    const watched = startHost({ installation: scene.installation, desk: somebody.desk }, "tx", "watch", id);
    await expectEnd(watched, 19);
    const resolve = ["tx", "resolve", id, "executed", "--detail", "the log of the host says so"];
    await expectEnd(startHost({ installation: scene.installation, desk: somebody.desk }, ...resolve), 0);
    await somebody.hands.phoneSays("Executed");
    // The command outlived its host: it waits for a line.
    writeFileSync(fifo, "over\n");
    await run.ended;
  }, 400_000);
});
