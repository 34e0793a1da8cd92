import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { FROM_SOURCE, ROOT, startChild } from "@countersign/testing/child";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { CodeServiceService } from "@countersign/proto/node/core/v1/code_service";
import { ConfirmationServiceService } from "@countersign/proto/node/core/v1/confirmation_service";
import { KeyServiceService } from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceService } from "@countersign/proto/node/core/v1/link_service";
import { ReceiptServiceService } from "@countersign/proto/node/core/v1/receipt_service";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import { DeviceServiceService } from "@countersign/proto/node/device/v1/device_service";
import type { Desk } from "./desk.ts";
import { readLedger, type Installation } from "./installation.ts";
import { meantByFile } from "./meant-by-file.ts";
import { malwareOf, SUBMIT, type Attack, type Malware } from "./mitm/attacks.ts";
import { startProxy, type Proxy } from "./mitm/proxy.ts";
import { connect, type Parts } from "./parts.ts";
import { secondPayment } from "./second-payment.ts";
import { KeyInHand, type Screen } from "./person/key-in-hand.ts";
import { PhoneInHand, type Message } from "./person/phone-in-hand.ts";
import { overTheShoulder, slippingFinger, swappingEyes, type Sense } from "./person/senses.ts";

/** One payment at one desk: who wants what, and what stands in the way. */
export interface Scenario {
  readonly installation: Installation;
  readonly desk: Desk;
  /** An ISO 20022 file. */
  readonly file: string;
  readonly attack?: Attack | undefined;
  /** Malware of the caller's own making, in place of the attack's. */
  readonly malware?: Malware | undefined;
  /** Who acts: a scripted user of this temper, or the person who watches. */
  readonly user: "careful" | "careless" | "person";
  /** Sees every line the client writes, as it comes. */
  readonly onOutput?: ((line: string) => void) | undefined;
  /** Looks over the user's shoulder. */
  readonly onlooker?: Onlooker | undefined;
  /** Stops the client as Ctrl-C does: it withdraws. */
  readonly signal?: AbortSignal | undefined;
}

/** Sees what the user sees: his key's screens, and his chat whenever it has changed. */
export interface Onlooker {
  key(screen: Screen): void;
  phone(messages: readonly Message[]): void;
  /** There is nothing more to see: the client has ended, and of what ended with it the phone has been told. */
  over(): void;
}

/** How it ended. */
export interface Ended {
  /** Of the client, as in its documentation. */
  readonly exitCode: number;
  /** Everything the client wrote. */
  readonly output: string;
  /** Every state line of its NDJSON output. */
  readonly states: readonly Record<string, unknown>[];
  /** Ledger lines that this run added. */
  readonly booked: readonly Record<string, unknown>[];
}

/** What a client calls at the core. */
export const CORE_SERVICES: readonly ServiceDefinition[] = [
  ...[CodeServiceService, ConfirmationServiceService, KeyServiceService, LinkServiceService, ReceiptServiceService],
  ...[TransactionServiceService, UserServiceService, VerificationServiceService],
];

/** States in which a transaction may still come to another end. */
const OPEN: ReadonlySet<number> = new Set([1, 2, 3, 4]);

/** Longest wait for a phone. */
const MOST_MS = 60_000;

/** Runs the client against the desk's key, with the malware of the attack on the PC's connections. */
export async function runScenario(scenario: Scenario): Promise<Ended> {
  const { installation, desk, attack } = scenario;
  const malware = scenario.malware ?? malwareOf(attack);
  const pc = await infect(installation, desk, malware);
  const senses = await sensesOf(scenario);
  const other = attack === "swap-codes" ? await secondPayment(installation, desk) : undefined;
  const leaving = new AbortController();
  await lookAtPhone(scenario);
  const watching = lookOver(scenario, leaving.signal);
  const user = scenario.user === "person" ? undefined : await seat(scenario, senses);
  const before = readLedger(installation).length;
  try {
    let run = await pay(scenario, pc);
    const asked = idsIn(run);
    if (attack === "withheld-statement" && scenario.signal?.aborted !== true) {
      run = await pay(scenario, pc);
      for (const id of idsIn(run)) asked.add(id);
      await release(malware, pc.toCore);
      await untilSettled(installation, malware);
    }
    await seeTheEnd(scenario, asked);
    return { ...run, booked: readLedger(installation).slice(before) };
  } finally {
    await other?.withdraw();
    await user?.stop();
    leaving.abort();
    await watching;
    for (const part of [pc.toCore, pc.toDaemon, ...senses.all]) part.close();
  }
}

interface InfectedPc {
  readonly toCore: Proxy;
  readonly toDaemon: Proxy;
}

/** Every connection of the PC goes through the malware, also where it only watches. */
async function infect(installation: Installation, desk: Desk, malware: Malware): Promise<InfectedPc> {
  const { trace } = installation;
  const folder = mkdtempSync(join(desk.folder, "pc-"));
  const toCore = await startProxy({
    listen: "127.0.0.1:0",
    target: installation.coreAddress,
    services: CORE_SERVICES,
    tamper: malware.toCore,
    observe: trace.between("client", "core"),
  });
  const toDaemon = await startProxy({
    listen: `unix:${join(folder, "d.sock")}`,
    target: desk.daemonSocket,
    services: [DeviceServiceService],
    tamper: malware.toDaemon,
    observe: trace.between("client", "daemon"),
  });
  return { toCore, toDaemon };
}

interface Senses {
  readonly keyUrl: string;
  readonly phoneUrl: string;
  readonly all: readonly Sense[];
}

/** Transactions that the client spoke of. */
function idsIn({ states }: Pick<Ended, "states">): Set<string> {
  return new Set(states.flatMap(({ transactionId }) => (typeof transactionId === "string" ? [transactionId] : [])));
}

async function lookAtPhone({ desk, onlooker }: Scenario): Promise<void> {
  if (onlooker === undefined) return;
  const { messages } = await new PhoneInHand(desk.phoneUrl).look(undefined, AbortSignal.timeout(MOST_MS));
  onlooker.phone(messages);
}

/** The onlooker stays until the phone was told of whatever has ended; of a transaction that is open nothing is to come. */
async function seeTheEnd(scenario: Scenario, asked: ReadonlySet<string>): Promise<void> {
  if (scenario.onlooker === undefined) return;
  const parts = connect(scenario.installation);
  const late = Promise.withResolvers<void>();
  const patience = setTimeout(late.resolve, MOST_MS);
  try {
    // What an onlooker cannot find out decides nothing.
    await Promise.race([toldOf(parts, asked).catch(() => undefined), late.promise]);
    await lookAtPhone(scenario);
  } finally {
    clearTimeout(patience);
    parts.close();
  }
  scenario.onlooker.over();
}

async function toldOf({ transactions, codes }: Parts, asked: ReadonlySet<string>): Promise<void> {
  for (const transactionId of asked) {
    const { transaction } = await transactions.get({ transactionId });
    if (transaction === undefined || OPEN.has(transaction.state)) continue;
    // It ends when the last message about it was dealt with.
    for await (const told of codes.watchDelivery({ transactionId, cursor: "" })) void told;
  }
}

/** The onlooker's own eyes: on the chat, and on the key as far as a person turns its pages, which is slow enough. */
async function lookOver({ desk, user, onlooker }: Scenario, signal: AbortSignal): Promise<void> {
  if (onlooker === undefined) return;
  const [phone, key] = [new PhoneInHand(desk.phoneUrl), new KeyInHand(desk.keyUrl)];
  const eyes = [
    follow(
      (after) => phone.look(after, signal),
      (chat) => onlooker.phone(chat.messages),
    ),
  ];
  if (user === "person")
    eyes.push(
      follow(
        (after) => key.look(after, signal),
        (screen) => onlooker.key(screen),
      ),
    );
  await Promise.allSettled(eyes);
}

/** Until looking fails, as it does once it is aborted. */
async function follow<T extends { readonly version: number }>(
  look: (after: number | undefined) => Promise<T>,
  see: (seen: T) => void,
): Promise<never> {
  for (let version: number | undefined; ;) {
    const seen = await look(version);
    if (seen.version !== version) see(seen);
    version = seen.version;
  }
}

/** Two attacks happen to the person and not to the PC: a slip of the finger, codes read under each other's message. */
async function sensesOf(scenario: Scenario): Promise<Senses> {
  const senses = await errantSensesOf(scenario);
  const { onlooker, user } = scenario;
  if (onlooker === undefined || user === "person") return senses;
  const shoulder = await overTheShoulder(senses.keyUrl, (screen) => onlooker.key(screen));
  return { ...senses, keyUrl: shoulder.url, all: [...senses.all, shoulder] };
}

async function errantSensesOf({ desk, attack }: Scenario): Promise<Senses> {
  if (attack === "wrong-code") {
    const finger = await slippingFinger(desk.keyUrl);
    return { keyUrl: finger.url, phoneUrl: desk.phoneUrl, all: [finger] };
  }
  if (attack === "swap-codes") {
    const eyes = await swappingEyes(desk.phoneUrl);
    return { keyUrl: desk.keyUrl, phoneUrl: eyes.url, all: [eyes] };
  }
  return { keyUrl: desk.keyUrl, phoneUrl: desk.phoneUrl, all: [] };
}

/** The scripted user: what he meant, his PIN, his temper, his key and phone, and nothing else. */
async function seat(scenario: Scenario, senses: Senses): Promise<{ stop(): Promise<unknown> }> {
  const given = {
    meant: meantByFile(scenario.file),
    pin: scenario.desk.pin,
    temper: scenario.user,
    key: senses.keyUrl,
    phone: senses.phoneUrl,
  };
  return startChild("scripts/dev-env/src/person/person-main.ts", [], {}, JSON.stringify(given));
}

/** The client, as a process of its own: it sees the proxies' addresses where core and daemon should be. */
function pay({ installation, desk, file, onOutput, signal }: Scenario, pc: InfectedPc): Promise<Omit<Ended, "booked">> {
  const client = spawn(
    process.execPath,
    [
      ...[...FROM_SOURCE, "clients/cli/src/main.ts", "--json"],
      ...["--core", pc.toCore.address, "--token-file", installation.submitTokenFile, "--user", desk.userId],
      ...["--server-id", installation.serverId, "--core-key", installation.corePublicKey],
      ...["--daemon", pc.toDaemon.address.replace("unix:", "")],
      ...["pay", file, "--receipts", desk.folder],
    ],
    // With a signal of ours it is kept from the terminal's, which would be the second Ctrl-C.
    { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: signal !== undefined },
  );
  const withdraw = (): void => void client.kill("SIGINT");
  signal?.addEventListener("abort", withdraw, { once: true });
  if (signal?.aborted === true) withdraw();
  let output = "";
  let rest = "";
  const take = (text: string): void => {
    output += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onOutput?.(line);
  };
  client.stdout.setEncoding("utf8").on("data", take);
  client.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    client.once("error", reject);
    client.once("close", (code) => {
      signal?.removeEventListener("abort", withdraw);
      const states = output
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      resolve({ exitCode: code ?? 1, output, states });
    });
  });
}

/** The malware now submits what it kept. */
async function release(malware: Malware, toCore: Proxy): Promise<void> {
  for (const statement of malware.kept) {
    for await (const answer of toCore.call(SUBMIT, statement)) void answer;
  }
}

/** Waits until whatever was released has been carried out or has ended. */
async function untilSettled(installation: Installation, malware: Malware): Promise<void> {
  const parts = connect(installation);
  try {
    for (const { transactionId } of malware.kept) {
      for await (const { transaction } of parts.transactions.watch({ transactionId, cursor: "" })) {
        if (transaction !== undefined && !OPEN.has(transaction.state)) break;
      }
    }
  } finally {
    parts.close();
  }
}
