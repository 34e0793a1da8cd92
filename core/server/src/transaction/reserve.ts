import { equalBytes, sha256, toHex, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { badInput, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, type EntityKey, type HexId } from "../store/entity.ts";
import type { Reservation } from "../store/reservation.ts";
import { commitOnce, untilSettled } from "./commit.ts";

/** A use of a `request_id`: whose, for which RPC, with which body. */
export interface RequestUse {
  readonly tenantId: HexId;
  /** The app, grant, or "core": request ids of two callers never meet. */
  readonly by: string;
  readonly rpc: string;
  readonly requestId: string;
  /** SHA-256 over the RPC's name and the canonical bytes of its request. */
  readonly bodyHash: Uint8Array;
}

/** How the audit names who uses it: apps go by their id alone, administrators as `admin:ID`. */
export function actorOfUse({ by }: Pick<RequestUse, "by">): string {
  return by.startsWith("admin:") ? by : `app:${by}`;
}

/** 1 to 255 printable ASCII characters. */
export function checkRequestId(requestId: string): Refusal | undefined {
  if (/^[!-~](?:[ -~]{0,253}[!-~])?$/.test(requestId)) return undefined;
  return badInput("request_id", "must be 1 to 255 printable ASCII characters");
}

/** Over the RPC's name and the request as encoded anew, which is canonical. */
export function bodyHashOf(rpc: string, encoded: Uint8Array): Uint8Array {
  return sha256(utf8(`countersign/request/v1\0${rpc}\0`), encoded);
}

/** What this request_id reserved before; undefined: nothing. Another body under it is refused. */
export async function findReservation(given: CoreGiven, use: RequestUse): Promise<Reservation | Refusal | undefined> {
  const key = requestKey(use);
  const { entities } = await given.store.load(shardOfKey(key), key);
  return entities[0].body === undefined ? undefined : sameBody(entities[0].body, use);
}

/** Reserves ids for a flow, or finds those that an earlier try of it reserved: a retry goes on with these. */
export async function reserve(
  given: CoreGiven,
  use: RequestUse,
  drawn: Readonly<Record<string, HexId>>,
): Promise<Reservation | Refusal> {
  const key = requestKey(use);
  const shard = shardOfKey(key);
  return untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    if (entities[0].body !== undefined) return sameBody(entities[0].body, use);
    const body: Reservation = { bodyHash: use.bodyHash, drawn, at: now };
    const subject = `request:${key.id}`;
    const audit = [
      { event: "request.reserved", tenant: use.tenantId, actor: use.by, subject, detail: { rpc: use.rpc } },
    ];
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: "", body }],
      audit: audit as [(typeof audit)[0]],
    });
    return outcome === "committed" ? body : undefined;
  });
}

function sameBody(reservation: Reservation, use: RequestUse): Reservation | Refusal {
  if (equalBytes(reservation.bodyHash, use.bodyHash)) return reservation;
  return refuse(
    "IDEMPOTENCY_CONFLICT",
    "request_id: it was used with another request. Draw a new one for another transaction.",
  );
}

function requestKey({ tenantId, by, rpc, requestId }: RequestUse): EntityKey<"request"> {
  return { type: "request", tenant: tenantId, id: toHex(sha256(utf8(`${by}\0${rpc}\0${requestId}`))) };
}
