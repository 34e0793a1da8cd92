// What a device daemon in the hands of malware does with one Sign. It sees the request and whatever the key answers, may
// ask the key as often as it likes, and answers what it likes; the code and the PIN do not pass it.
import { generateKeyPairSync, sign as signWith } from "node:crypto";
import { decodeStatement, encodeStatement, parseSigned, SignatureType, signMessage } from "@countersign/protocol";
import { Mode } from "@countersign/proto/node/core/v1/content";
import { Step, type SignRequest, type SignResponse } from "@countersign/proto/node/device/v1/device_service";
import { alterContent } from "./alter.ts";
import type { Forward, PassingCall, Tamper } from "./proxy.ts";

export const DAEMON_LIES = [
  "alters what the key gets",
  "names a server that is not the key's",
  "tells the key that the chat shows it all",
  "changes a byte of the answer",
  "answers with another digest under the key's name",
  "answers for the key with a key of its own",
  "answers with what was signed before",
  "says approved of what was rejected",
  "says rejected of what was approved",
  "swallows the answer",
  "tells steps and never asks the key",
  "asks the key a second time for what was confirmed",
  "asks the key for something else once it has confirmed",
] as const;
export type DaemonLie = (typeof DAEMON_LIES)[number];

const SIGN = "/countersign.device.v1.DeviceService/Sign";

/** What the malware of one PC keeps from one payment to the next. */
export interface DaemonMemory {
  /** Every answer of the key that it saw. */
  readonly seen: SignResponse[];
}

type Ask = (request: SignRequest) => AsyncIterable<SignResponse>;
type LieToClient = (request: SignRequest, ask: Ask, memory: DaemonMemory) => AsyncIterable<SignResponse>;

/** The daemon that lies so; calls other than Sign pass. */
export function lyingDaemon(lie: DaemonLie, memory: DaemonMemory): Tamper {
  return async function* (call: PassingCall, forward: Forward) {
    if (call.method !== SIGN) return yield* forward(call.request);
    const ask: Ask = async function* (request) {
      for await (const answer of forward(request)) {
        memory.seen.push(answer as SignResponse);
        yield answer as SignResponse;
      }
    };
    yield* LIES[lie](call.request as SignRequest, ask, memory);
  };
}

const LIES: Readonly<Record<DaemonLie, LieToClient>> = {
  "alters what the key gets": (request, ask) =>
    ask({ ...request, content: Buffer.from(alterContent(request.content)) }),
  "names a server that is not the key's": (request, ask) => ask({ ...request, serverId: "0".repeat(32) }),
  "tells the key that the chat shows it all": (request, ask) => ask({ ...request, mode: Mode.C }),
  "changes a byte of the answer": (request, ask) => answering(ask(request), flipLastByte),
  "answers with another digest under the key's name": (request, ask) => answering(ask(request), withOtherDigest),
  "answers for the key with a key of its own": (request, ask) => answering(ask(request), bySomebodyElse),
  "answers with what was signed before": async function* (request, ask, { seen }) {
    const old = seen.find(({ event }) => event?.$case === "signed");
    if (old === undefined) return yield* ask(request);
    yield old;
  },
  "says approved of what was rejected": (request, ask) => claiming(ask(request), false),
  "says rejected of what was approved": (request, ask) => claiming(ask(request), true),
  "swallows the answer": async function* (request, ask) {
    for await (const answer of ask(request)) if (answer.event?.$case === "step") yield answer;
  },
  "tells steps and never asks the key": async function* () {
    for (const step of [Step.SHOWING, Step.PIN, Step.CODE, Step.COMPUTING]) {
      yield { event: { $case: "step", value: step } };
    }
  },
  "asks the key a second time for what was confirmed": async function* (request, ask) {
    for await (const answer of ask(request)) {
      if (answer.event?.$case === "signed") yield* ask(request);
      else yield answer;
    }
  },
  "asks the key for something else once it has confirmed": async function* (request, ask) {
    const altered = { ...request, content: Buffer.from(alterContent(request.content)) };
    for await (const answer of ask(request)) {
      if (answer.event?.$case === "signed") yield* ask(altered);
      else yield answer;
    }
  },
};

async function* answering(
  answers: AsyncIterable<SignResponse>,
  change: (signed: Uint8Array) => Uint8Array,
): AsyncGenerator<SignResponse> {
  for await (const answer of answers) {
    const { event } = answer;
    if (event?.$case !== "signed") yield answer;
    else {
      const signedStatement = Buffer.from(change(new Uint8Array(event.value.signedStatement)));
      yield { event: { $case: "signed", value: { ...event.value, signedStatement } } };
    }
  }
}

async function* claiming(answers: AsyncIterable<SignResponse>, rejected: boolean): AsyncGenerator<SignResponse> {
  for await (const answer of answers) {
    const { event } = answer;
    if (event?.$case !== "signed") yield answer;
    else yield { event: { $case: "signed", value: { ...event.value, rejected } } };
  }
}

function flipLastByte(signed: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(signed);
  changed[changed.length - 1]! ^= 1;
  return changed;
}

/** The key's own statement over a digest that it never rendered; the signature no longer fits. */
function withOtherDigest(signed: Uint8Array): Uint8Array {
  const { keyId, payload, signature } = parseSigned(signed);
  const statement = encodeStatement({ ...decodeStatement(payload), txDigest: new Uint8Array(32).fill(7) });
  return signMessage(SignatureType.STATEMENT, keyId, statement, () => signature);
}

const { privateKey: ownKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Every word of the key's statement, signed by the malware. */
function bySomebodyElse(signed: Uint8Array): Uint8Array {
  const { keyId, payload } = parseSigned(signed);
  return signMessage(
    SignatureType.STATEMENT,
    keyId,
    payload,
    (bytes) => new Uint8Array(signWith("sha256", bytes, { key: ownKey, dsaEncoding: "ieee-p1363" })),
  );
}
