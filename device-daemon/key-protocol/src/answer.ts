// answer = status u8 | det-CBOR map, unsigned keys (nothing at all for an empty one)   docs/protocol/hid.md section 5

import { type CborValue, encodeCbor } from "@countersign/protocol";
import { Fields } from "./fields.ts";
import { MAX_MESSAGE } from "./report.ts";
import { Status, statusName } from "./status.ts";
import { Subcommand } from "./subcommand.ts";
import { WireError } from "./wire-error.ts";

/** Why the key did not do what it was asked, with what it says about it. */
export type Refused =
  | {
      readonly status: typeof Status.UNRENDERABLE;
      /** e.g. "lines[1].value". */
      readonly field: string;
      /** The character that cannot be shown, if one is to blame. */
      readonly codePoint?: number;
      readonly rule: string;
    }
  | { readonly status: typeof Status.PIN_INVALID | typeof Status.PIN_BLOCKED; readonly retries: number }
  | {
      readonly status: Exclude<
        Status,
        typeof Status.OK | typeof Status.UNRENDERABLE | typeof Status.PIN_INVALID | typeof Status.PIN_BLOCKED
      >;
    };

/** An answer: the map of the request that went well, or the refusal. */
export type Answer = { readonly status: typeof Status.OK; readonly body: Uint8Array } | Refused;

/** An answer to supplyCode names its request, because the answer to the open `present` follows on the same channel. */
export type CodeAnswer = { readonly answers: typeof Subcommand.SUPPLY_CODE; readonly status: Status };

const ANSWERS = 15;

/** The message of a successful answer. */
export function encodeOk(body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const message = new Uint8Array(1 + body.length);
  message.set(body, 1);
  return message;
}

/** The message of a refusal; texts are cut so that it always fits. */
export function encodeRefused(refused: Refused): Uint8Array {
  const map = new Map<number, CborValue>();
  if (refused.status === Status.UNRENDERABLE) {
    map.set(1, refused.field.slice(0, 64));
    if (refused.codePoint !== undefined) map.set(2, refused.codePoint);
    map.set(3, refused.rule.slice(0, 200));
  }
  if (refused.status === Status.PIN_INVALID || refused.status === Status.PIN_BLOCKED) map.set(1, refused.retries);
  return withStatus(refused.status, map);
}

/** The message that answers supplyCode. */
export function encodeCodeAnswer(status: Status): Uint8Array {
  return withStatus(status, new Map([[ANSWERS, Subcommand.SUPPLY_CODE]]));
}

/** Reads an answer, all of it controlled by the device. Throws WireError; a status outside the list is BAD_PARAM. */
export function decodeAnswer(message: Uint8Array): Answer | CodeAnswer {
  if (message.length === 0 || message.length > MAX_MESSAGE) {
    throw new WireError(Status.BAD_PARAM, `an answer has 1 to ${MAX_MESSAGE} bytes, this one ${message.length}`);
  }
  const status = Object.values(Status).find((known) => known === message[0]);
  if (status === undefined) throw new WireError(Status.BAD_PARAM, `status ${message[0]} is unknown`);
  const body = message.slice(1);
  const fields = new Fields("answer", body);
  if (fields.optional(ANSWERS, (key) => fields.uint(key, 0, 255)) === Subcommand.SUPPLY_CODE) {
    return { answers: Subcommand.SUPPLY_CODE, status };
  }
  return status === Status.OK ? { status, body } : readRefused(status, fields);
}

function readRefused(status: Exclude<Status, typeof Status.OK>, fields: Fields): Refused {
  if (status === Status.UNRENDERABLE) {
    const codePoint = fields.optional(2, (key) => fields.uint(key, 0, 0x10ffff));
    const rest = codePoint === undefined ? {} : { codePoint };
    return { status, field: fields.text(1, 64), rule: fields.text(3, 200), ...rest };
  }
  if (status === Status.PIN_INVALID || status === Status.PIN_BLOCKED) return { status, retries: fields.uint(1, 0, 8) };
  return { status };
}

function withStatus(status: Status, map: ReadonlyMap<number, CborValue>): Uint8Array {
  const message = encodeOk(map.size === 0 ? undefined : encodeCbor(map));
  message[0] = status;
  return message;
}

/** One line for logs and errors: "PIN_BLOCKED, 0 tries left". Texts of the device are quoted. */
export function describeRefused(refused: Refused): string {
  const name = statusName(refused.status) ?? "UNKNOWN";
  if ("retries" in refused) return `${name}, ${refused.retries} tries left`;
  if ("rule" in refused) return `${name}, ${JSON.stringify(refused.field)}: ${JSON.stringify(refused.rule)}`;
  return name;
}
