import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { Kind, Label } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import {
  Key,
  KeyServiceFinishEnrolmentResponse,
  KeyServiceListResponse,
  KeyState,
} from "@countersign/proto/node/core/v1/key_service";
import {
  Channel,
  LinkServiceBeginLinkResponse,
  LinkServiceListResponse,
  LinkServiceWatchLinkResponse,
  LinkState,
} from "@countersign/proto/node/core/v1/link_service";
import {
  User,
  UserServiceGetResponse,
  UserServiceRequestThawResponse,
  UserState,
} from "@countersign/proto/node/core/v1/user_service";
import { CODE, fakeStatusError } from "@countersign/sdk/testing";
import { CliWorld } from "../testing/cli.ts";

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.open();
});
afterEach(() => world.close());

const lines = [{ label: Label.ACTION, value: "Thaw confirmations" }];
const held = () => world.core.hold({ kind: Kind.THAW, lines, userId: "ada" });

test("thaw takes the core's transaction to the key and shows its lines", async () => {
  world.daemon.acts.push({ type: "approve", code: CODE });
  world.core.identity["user.requestThaw"] = () => {
    const { transaction, token } = held();
    return UserServiceRequestThawResponse.create({ transaction, confirmationToken: token });
  };
  const { code, err } = await world.run("thaw");
  expect([code, err]).toEqual([0, expect.stringContaining("Action  Thaw confirmations")]);
  expect(world.daemon.asked).toHaveLength(1);
});

test("thaw takes up the THAW that /thaw in the chat has made: there is one at a time", async () => {
  world.daemon.acts.push({ type: "approve", code: CODE });
  const { transaction } = held();
  const { code, out } = await world.run("thaw", "--json");
  expect([code, out]).toEqual([0, expect.stringContaining(transaction.transactionId)]);
  expect(world.daemon.asked).toHaveLength(1);
});

test("link shows the address, waits for the chat, then asks the key", async () => {
  world.daemon.acts.push({ type: "approve", code: CODE });
  const deepLink = "https://t.me/acme_bank_bot?start=AAAAAAAAAAAAAAAAAAAAAA";
  world.core.identity["link.beginLink"] = () =>
    LinkServiceBeginLinkResponse.create({ linkId: "ab".repeat(16), linkToken: "A".repeat(22), deepLink });
  world.core.identity["link.watchLink"] = async function* () {
    yield LinkServiceWatchLinkResponse.create({ state: LinkState.WAITING });
    const linkLines = [
      { label: Label.CHANNEL, value: "telegram" },
      { label: Label.ADDRESS, value: "4711" },
    ];
    const { transaction, token } = world.core.hold({ kind: Kind.LINK, lines: linkLines, userId: "ada" });
    yield LinkServiceWatchLinkResponse.create({ state: LinkState.CLAIMED, transaction, confirmationToken: token });
  };
  const { code, err } = await world.runWith({ env: {}, tty: true }, "--config", world.config, "link", "telegram");
  expect(code).toBe(0);
  expect(err).toContain(deepLink);
  expect(err).toMatch(/[▀▄█]{5}/u);
  expect(err).toContain("4711");
});

test.each([
  ["mail", "erika@example.com"],
  ["sms", "+491701234567"],
])("link %s names the address and asks the key at once", async (platform, address) => {
  world.daemon.acts.push({ type: "approve", code: CODE });
  let asked: unknown;
  world.core.identity["link.beginLink"] = (request: unknown) => {
    asked = request;
    return LinkServiceBeginLinkResponse.create({ linkId: "ab".repeat(16) });
  };
  world.core.identity["link.watchLink"] = async function* () {
    const linkLines = [
      { label: Label.CHANNEL, value: platform },
      { label: Label.ADDRESS, value: address },
    ];
    const { transaction, token } = world.core.hold({ kind: Kind.LINK, lines: linkLines, userId: "ada" });
    yield LinkServiceWatchLinkResponse.create({ state: LinkState.CLAIMED, transaction, confirmationToken: token });
  };
  const { code, err } = await world.run("link", platform, "--address", address);
  expect(code).toBe(0);
  expect(asked).toMatchObject({ platform, address });
  expect(err).toContain(`goes to ${address}`);
  expect(err).not.toContain("/start");
});

test.each([
  ["mail without an address", ["mail"], "--address erika@example.com"],
  ["a chat with an address", ["telegram", "--address", "4711"], "needs none"],
])("link refuses %s before anything is asked", async (_name, args, words) => {
  const { code, err } = await world.run("link", ...args);
  expect(code).not.toBe(0);
  expect(err).toContain(words);
});

test("link goes on watching when the core was away", async () => {
  let watches = 0;
  world.core.identity["link.beginLink"] = () => LinkServiceBeginLinkResponse.create({ linkToken: "T".repeat(22) });
  world.core.identity["link.watchLink"] = async function* () {
    yield LinkServiceWatchLinkResponse.create({ state: LinkState.WAITING });
    watches += 1;
    if (watches === 1) throw fakeStatusError({ code: status.UNAVAILABLE });
    yield LinkServiceWatchLinkResponse.create({ state: LinkState.LINKED });
  };
  const { code, err } = await world.run("link", "telegram");
  expect([code, err, watches]).toEqual([0, expect.stringContaining("/start TTTT"), 2]);
});

test("link that fails says why", async () => {
  world.core.identity["link.beginLink"] = () => LinkServiceBeginLinkResponse.create({ linkToken: "T".repeat(22) });
  world.core.identity["link.watchLink"] = async function* () {
    yield LinkServiceWatchLinkResponse.create({ state: LinkState.FAILED, reason: "EXPIRED" });
  };
  const { code, out, err } = await world.run("link", "telegram");
  expect([code, out, err]).toEqual([21, expect.stringContaining("EXPIRED"), expect.stringContaining("/start TTTT")]);
});

test("key list shows plugged and enrolled keys", async () => {
  const key = { keyId: "cd".repeat(16), state: KeyState.ACTIVE, serial: "EMU04A1", fingerprint: "7F3A 91C2 0B4D 11EE" };
  world.core.identity["key.list"] = () => KeyServiceListResponse.create({ keys: [Key.create(key)] });
  const { code, out } = await world.run("key", "list");
  expect([code, out]).toEqual([0, expect.stringMatching(/here {2}EMU04A1[\s\S]*core {2}(cd){16} {2}ACTIVE/)]);
});

test("key set-pin follows the key", async () => {
  const { code, out, err } = await world.run("key", "set-pin");
  expect([code, out]).toEqual([0, expect.stringContaining("PIN set")]);
  expect(err).toContain("Look at your KEY");
});

test("key enrol hands the key's map in and tells the fingerprint to compare", async () => {
  const begun = {
    enrolmentToken: "cs_enrol_x",
    challenge: Buffer.alloc(32),
    serverId: world.core.serverId,
    serverName: "Acme Bank",
    digits: "",
    expiresAt: undefined,
  };
  let finished: Uint8Array | undefined;
  world.core.identity["key.beginEnrolment"] = () => begun;
  world.core.identity["key.finishEnrolment"] = (request: { signedEnrolment: Uint8Array }) => {
    finished = request.signedEnrolment;
    const key = { keyId: "cd".repeat(16), state: KeyState.PROVISIONAL, fingerprint: "7F3A 91C2 0B4D 11EE" };
    return KeyServiceFinishEnrolmentResponse.create({ key: Key.create(key) });
  };
  const { code, out } = await world.run("key", "enrol");
  expect([code, out]).toEqual([0, expect.stringContaining("PROVISIONAL, fingerprint 7F3A 91C2 0B4D 11EE")]);
  expect(Uint8Array.from(finished ?? [])).toEqual(world.daemon.key.coseKey);
});

test("key enrol at another core than the pinned one is refused", async () => {
  world.core.identity["key.beginEnrolment"] = () => ({
    enrolmentToken: "",
    challenge: Buffer.alloc(32),
    serverId: "00".repeat(16),
    serverName: "",
    digits: "",
    expiresAt: undefined,
  });
  expect((await world.run("key", "enrol")).code).toBe(20);
});

test("tx list, get and cancel", async () => {
  const { transaction } = held();
  const id = transaction.transactionId;
  expect((await world.run("tx", "list")).out).toContain(`${id}  PENDING`);
  expect((await world.run("tx", "get", id)).out).toContain("Action  Thaw confirmations");
  expect((await world.run("tx", "get", id, "--json")).json()).toEqual([
    expect.objectContaining({ state: "PENDING", transactionId: id }),
  ]);
  expect((await world.run("tx", "cancel", id)).code).toBe(0);
  expect(world.core.only.transaction.state).toBe(State.CANCELLED);
  expect((await world.run("tx", "get", "00".repeat(16))).code).toBe(2);
  expect((await world.run("tx", "get", "x")).code).toBe(2);
});

test("tx watch ends with the exit code of the ending", async () => {
  const one = held();
  const running = world.run("tx", "watch", one.transaction.transactionId);
  world.core.change(one, { state: State.LOCKED });
  const { code, out } = await running;
  expect([code, out]).toEqual([16, expect.stringMatching(/LOCKED/)]);
});

test("confirm takes typed fields and a payload", async () => {
  world.daemon.acts.push({ type: "approve", code: CODE });
  const payload = world.write(join(world.folder, "build.tar"), "bytes");
  const fields = ["--field", "target=shop", "--field", "version=1.4.2", "--field", "environment=production"];
  const { code } = await world.run("confirm", "deploy", ...fields, "--payload", payload, "--receipts", world.folder);
  expect(code).toBe(0);
  expect(world.core.only.transaction.lines.map(({ value }) => value).slice(0, 3)).toEqual([
    "shop",
    "1.4.2",
    "production",
  ]);
});

test("setup pins once, and again only with --force", async () => {
  const config = join(world.folder, "fresh", "config.json");
  const { core, tokenFile, serverId, coreKeys, daemon } = world.settings() as Record<string, string>;
  const flags = [
    "--core",
    core,
    "--token-file",
    tokenFile,
    "--core-key",
    String(coreKeys),
    "--daemon",
    daemon,
    "--user",
    "ada",
  ] as string[];
  const env = { COUNTERSIGN_CONFIG: config };
  const setup = (...more: string[]) => world.runWith({ env, tty: false }, "setup", ...flags, ...more);
  expect((await setup("--server-id", serverId ?? "")).code).toBe(0);
  expect(JSON.parse(readFileSync(config, "utf8"))).toMatchObject({ serverId, coreKeys, user: "ada" });
  const other = ["--server-id", "00".repeat(16)];
  const again = await setup(...other);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining("--force")]);
  expect((await setup(...other, "--force")).code).toBe(0);
});

test("setup without a terminal names what is missing", async () => {
  const { code, err } = await world.runWith(
    { env: { COUNTERSIGN_CONFIG: join(world.folder, "none.json") }, tty: false },
    "setup",
  );
  expect([code, err]).toEqual([2, expect.stringContaining("--core or COUNTERSIGN_CORE")]);
});

test("doctor finds nothing wrong with a whole world", async () => {
  world.core.identity["user.get"] = () =>
    UserServiceGetResponse.create({ user: User.create({ userId: "ada", state: UserState.ACTIVE }) });
  world.core.identity["link.list"] = () =>
    LinkServiceListResponse.create({ channels: [Channel.create({ platform: "telegram", state: LinkState.LINKED })] });
  const { code, out } = await world.run("doctor");
  expect(out.split("\n").filter((line) => line.includes("✘"))).toEqual([]);
  expect(code).toBe(0);
  expect(out).toContain("phone: telegram");
});

test("doctor ends each finding with its fix", async () => {
  world.core.identity["user.get"] = () =>
    UserServiceGetResponse.create({ user: User.create({ userId: "ada", state: UserState.FROZEN }) });
  world.core.identity["link.list"] = () => LinkServiceListResponse.create({});
  world.daemon.keys.splice(0);
  const config = { ...world.settings(), serverId: "00".repeat(16) };
  world.write(world.config, JSON.stringify(config));
  const { code, out } = await world.run("doctor");
  expect(code).toBe(69);
  for (const fix of ["countersign thaw", "countersign link", "ask the administrator", "plug it in"]) {
    expect(out).toContain(`Fix: ${fix}`);
  }
});

test("doctor names what does not answer", async () => {
  const { code, out } = await world.run("doctor", "--daemon", "/nonexistent.sock", "--core", "127.0.0.1:1");
  expect([code, out]).toEqual([
    69,
    expect.stringMatching(/core 127\.0\.0\.1:1 does not answer[\s\S]*daemon does not answer/),
  ]);
});

test("who waits for a core that does not answer is told so, and how long is his choice", async () => {
  world.core.errors.set(
    "get",
    Array.from({ length: 9 }, () => ({ code: status.UNAVAILABLE })),
  );
  const waited = await world.run("tx", "get", "00".repeat(16), "--patience", "2");
  expect(waited.code).toBe(69);
  expect(waited.err).toContain("does not answer; waiting for it");
});
