import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { startChild, type Child } from "@countersign/testing/child";
import { connect, last, type Parts } from "./parts.ts";
import type { ChannelName } from "./chat/chat-service.ts";
import type { Installation, ModeName } from "./installation.ts";
import { KeyInHand } from "./person/key-in-hand.ts";
import { whileSitting } from "./person/sit.ts";
import { PhoneInHand } from "./person/phone-in-hand.ts";

/** A user's desk: his key, his phone, the daemon on his PC. The key is enrolled and the chat linked. */
export interface Desk {
  readonly userId: string;
  readonly pin: string;
  /** Address of the key's display and keypad. */
  readonly keyUrl: string;
  readonly serial: string;
  /** Address of the chat on his phone. */
  readonly phoneUrl: string;
  /** Where programs on the PC find the daemon. */
  readonly daemonSocket: string;
  readonly folder: string;
  /** Key and daemon. */
  readonly children: readonly Child[];
  stop(): Promise<void>;
}

/** Where a desk lives that outlasts one run. */
export interface DeskHome {
  /** What stays: the key's sealed state. */
  readonly folder: string;
  /** What goes: sockets. A path of its own, short enough for them. */
  readonly run: string;
  readonly serial: string;
  /** PIN, key and chat were set up in an earlier run. */
  readonly isSetUp: boolean;
  /** How key and daemon meet; over a Unix socket unless told otherwise. */
  readonly bus?: KeyBus;
}

/** Flags that plug the key in, and flags that let the daemon look for it. */
export interface KeyBus {
  readonly key: readonly string[];
  readonly daemon: readonly string[];
}

/** Who sits at a desk. */
export interface Sitter {
  readonly userId: string;
  readonly chatId: string;
  /** The first one's phone is the desk's. Without it: the installation's first channel. */
  readonly channels?: readonly ChannelName[];
}

const PIN = "271828";

/** Puts a desk beside the installation and sets it up for its first user: PIN, key, chat. `display`: "16x2". */
export async function setUpDesk(
  installation: Installation,
  options: Sitter & { readonly mode: ModeName; readonly home?: DeskHome; readonly display?: string },
): Promise<Desk> {
  const folder = options.home?.folder ?? mkdtempSync(join(installation.folder, "desk-"));
  const home = options.home ?? { folder, run: folder, serial: newSerial(), isSetUp: false };
  const parts = await startParts(home, options);
  const desk: Desk = {
    ...parts,
    userId: options.userId,
    pin: PIN,
    serial: home.serial,
    phoneUrl: installation.phoneOf(options.chatId, options.channels?.[0]),
    folder,
    stop: async () => {
      await Promise.all(parts.children.map((child) => child.stop()));
    },
  };
  try {
    await withParts(installation, desk, async (connected) => {
      await pluggedIn(connected);
      if (home.isSetUp) return;
      await whileAt(desk, () => last(connected.device.setPin({ deviceId: "" })));
      await enrol(connected, desk);
    });
    if (!home.isSetUp) await linkAll(installation, desk, options);
  } catch (error) {
    await desk.stop();
    throw error;
  }
  return desk;
}

/** A serial number that no other key has. */
export const newSerial = (): string => `EMU-${randomBytes(3).toString("hex").toUpperCase()}`;

async function startParts(
  { folder, run, serial, bus: given }: DeskHome,
  { mode, display = "21x6" }: { readonly mode: ModeName; readonly display?: string },
): Promise<Pick<Desk, "keyUrl" | "daemonSocket" | "children">> {
  const keySocket = join(run, "key.sock");
  const bus = given ?? { key: ["--socket", keySocket], daemon: ["--key-socket", keySocket, "--key-patience", "30"] };
  const daemonFolder = join(run, "d");
  mkdirSync(daemonFolder, { mode: 0o700 });
  const key = await startChild("device-daemon/emulator/src/main.ts", [
    ...[...bus.key, "--control", "0", "--store", join(folder, "key")],
    ...["--profile", mode === "C" ? "no-display" : "full", "--serial", serial, "--display", display],
  ]);
  const daemonSocket = join(daemonFolder, "daemon.sock");
  try {
    const daemon = await startChild("device-daemon/daemon/src/main.ts", [...["--socket", daemonSocket, ...bus.daemon]]);
    return { keyUrl: String(key.ready["control"]), daemonSocket: `unix:${daemonSocket}`, children: [key, daemon] };
  } catch (error) {
    await key.stop();
    throw error;
  }
}

/** Another user with the same key and PC: a credential of his own on the key, a chat of his own. */
export async function anotherUser(installation: Installation, desk: Desk, sitter: Sitter): Promise<Desk> {
  const his = { ...desk, userId: sitter.userId, phoneUrl: installation.phoneOf(sitter.chatId, sitter.channels?.[0]) };
  await withParts(installation, his, (parts) => enrol(parts, his));
  await linkAll(installation, his, sitter);
  return his;
}

async function withParts(installation: Installation, desk: Desk, work: (parts: Parts) => Promise<void>): Promise<void> {
  const parts = connect(installation, desk.daemonSocket);
  try {
    await work(parts);
  } finally {
    parts.close();
  }
}

/** The daemon finds the key by itself, in its own time. */
async function pluggedIn(parts: Parts): Promise<void> {
  for await (const { keys } of parts.device.watchKeys({})) if (keys.length > 0) return;
  throw new Error("the daemon ended before the key was there");
}

/** Every channel that he wants, in his order; without a wish, the installation's first. */
async function linkAll(installation: Installation, desk: Desk, { chatId, channels }: Sitter): Promise<void> {
  for (const channel of channels ?? [installation.platform]) await linkChannel(installation, desk, { chatId, channel });
}

async function enrol(parts: Parts, desk: Desk): Promise<void> {
  const { userId, serial } = desk;
  await parts.users.create({ requestId: `user-${userId}`, userId, phrase: "blue teapot", locale: "en" });
  const begun = await parts.keys.beginEnrolment({ requestId: `key-${userId}`, userId, serial, digits: false });
  const enrolled = await whileAt(desk, () =>
    last(
      parts.device.enrol({
        deviceId: "",
        serverId: begun.serverId,
        serverName: begun.serverName,
        challenge: begun.challenge,
        digits: false,
      }),
    ),
  );
  if (enrolled.event?.$case !== "signedEnrolment") throw new Error("the key made no enrolment");
  await parts.keys.finishEnrolment({ enrolmentToken: begun.enrolmentToken, signedEnrolment: enrolled.event.value });
}

/** One more channel for the user of a desk; the desk's phone stays the one it was. */
export async function linkChannel(
  installation: Installation,
  desk: Desk,
  { chatId, channel }: { readonly chatId: string; readonly channel: ChannelName },
): Promise<void> {
  const bot = installation.bot(channel);
  const there = { ...desk, phoneUrl: bot.phoneOf(chatId) };
  const address = await bot.service.addressOf(chatId);
  return withParts(installation, there, (parts) => linkChat(parts, there, { platform: channel, address }));
}

/** Where the code of a LINK goes: a chat that sends the token, or an address that gets the code unasked. */
interface LinkTarget {
  readonly platform: ChannelName;
  readonly address: string | undefined;
}

/** Links a channel as a user does: token to the bot, lines compared on key and phone, code typed on the key. */
async function linkChat(parts: Parts, desk: Desk, { platform, address }: LinkTarget): Promise<void> {
  const { userId } = desk;
  const requestId = `link-${platform}-${userId}`;
  const begun = await parts.links.beginLink({ requestId, userId, platform, address: address ?? "" });
  if (address === undefined) await new PhoneInHand(desk.phoneUrl).send(`/start ${begun.linkToken}`);
  let transactionId = "";
  for await (const progress of parts.links.watchLink({ linkId: begun.linkId, userId })) {
    if (progress.state === 4) throw new Error(`the chat was not linked: ${progress.reason}`);
    if (progress.state === 3) break;
    if (progress.transaction === undefined) continue;
    const transaction = progress.transaction;
    ({ transactionId } = transaction);
    const meant = transaction.lines.map((line) => `${parts.labelOf(line.label)}: ${line.value}`).join("\n");
    const sign = () => last(parts.device.sign(parts.toSign(transaction)));
    const signed = await whileSitting({ ...deskPerson(desk), meant, temper: "careful" }, sign);
    if (signed.event?.$case !== "signed") throw new Error("the key did not sign the link");
    await parts.verification.submitStatement({
      transactionId,
      signedStatement: signed.event.value.signedStatement,
    });
  }
  await told(parts, transactionId);
}

/**
 * The chat shows how it ended. Until then the next message would wait behind that, and what ends before its message was
 * handed to the bot is told to nobody.
 */
async function told({ codes }: Parts, transactionId: string): Promise<void> {
  for await (const message of codes.watchDelivery({ transactionId, cursor: "" })) void message;
}

const deskPerson = (desk: Desk) => ({
  pin: desk.pin,
  key: new KeyInHand(desk.keyUrl),
  phone: new PhoneInHand(desk.phoneUrl),
});

/** The user sits at the key while something is set up on it: confirms, and types the same PIN wherever one is asked for. */
async function whileAt<T>(desk: Desk, work: () => Promise<T>): Promise<T> {
  const key = new KeyInHand(desk.keyUrl);
  const leaving = new AbortController();
  const sitting = (async () => {
    for (let version: number | undefined; !leaving.signal.aborted;) {
      const screen = await key.look(version, leaving.signal);
      if (screen.version === version) continue;
      version = screen.version;
      if (screen.page === "new-pin" || screen.page === "repeat-pin" || screen.page === "pin") await key.type(desk.pin);
      else if (screen.page === "enrol" || screen.page === "fingerprint") await key.press("ok");
    }
  })().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  try {
    return await work();
  } finally {
    leaving.abort();
    await sitting;
  }
}
