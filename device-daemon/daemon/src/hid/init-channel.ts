import { randomBytes } from "node:crypto";
import {
  BROADCAST,
  decodeInitAnswer,
  encodeMessage,
  HidCommand,
  INIT_NONCE,
  type InitAnswer,
  type Message,
  Reassembler,
} from "@countersign/key-protocol";
import { afterRunning } from "./after-running.ts";
import type { HidBus } from "./hid-bus.ts";
import { LinkError } from "./link-error.ts";

/** A key must answer INIT within this time; it is asked this often. */
const INIT_MS = 600;
const INIT_TRIES = 3;

/**
 * INIT on the broadcast channel gives a new channel; on a live one it makes the key forget what it had begun there. It
 * may be repeated. A key that answers none of three counts as gone: LinkError "left", and the transport is closed.
 */
export async function initChannel(bus: HidBus, channel: number): Promise<InitAnswer> {
  for (let tries = 0; tries < INIT_TRIES && !bus.gone; tries++) {
    const answer = await askOnce(bus, channel);
    if (answer !== undefined) return answer;
  }
  bus.close();
  throw new LinkError("left", `the key at ${bus.name} does not answer; plug it in again`);
}

async function askOnce(bus: HidBus, channel: number): Promise<InitAnswer | undefined> {
  const nonce = new Uint8Array(randomBytes(INIT_NONCE));
  const messages = new Reassembler(channel);
  const { promise, resolve } = Promise.withResolvers<InitAnswer | undefined>();
  const stopTime = afterRunning(INIT_MS * bus.patience, () => resolve(undefined));
  const stop = bus.listen(
    (report) => {
      const answer = readAnswer(acceptQuietly(messages, report), nonce);
      if (answer !== undefined && isChannelFor(channel, answer.channel)) resolve(answer);
    },
    () => resolve(undefined),
  );
  try {
    for (const report of encodeMessage(channel, HidCommand.INIT, nonce)) await bus.write(report);
    return await promise;
  } finally {
    stopTime();
    stop();
  }
}

function readAnswer(message: Message | undefined, nonce: Uint8Array): InitAnswer | undefined {
  if (message?.command !== HidCommand.INIT || message.payload.length < 17) return undefined;
  const answer = decodeInitAnswer(message.payload);
  return Buffer.compare(answer.nonce, nonce) === 0 ? answer : undefined;
}

// A new channel is none of the two reserved numbers; a live one keeps its own.
function isChannelFor(asked: number, given: number): boolean {
  return asked === BROADCAST ? given !== 0 && given !== BROADCAST : given === asked;
}

// While INIT is out, halves of older messages are expected and worth nothing.
function acceptQuietly(messages: Reassembler, report: Uint8Array): Message | undefined {
  try {
    return messages.accept(report);
  } catch {
    return undefined;
  }
}
