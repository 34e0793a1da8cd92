import { status, type StatusObject } from "@grpc/grpc-js";
import { PairingServiceService } from "@countersign/proto/node/device/v1/pairing_service";
import type { Admitted, Arriving } from "@countersign/web-bridge";
import { bearerOf } from "../pairing/pairing-token.ts";
import type { Pairings } from "../pairing/pairings.ts";
import { Failure } from "../service/failure.ts";
import { pageClient, pairedClient } from "./web-client.ts";

/** Lets pages in, whose origin the bridge has found on the list: to pair, or with the token of a pairing of that origin. */
export function admitPage(pairings: Pick<Pairings, "find">, call: Arriving): Admitted | Partial<StatusObject> {
  const { path, origin, metadata } = call;
  if (origin === undefined) throw new Error("a call without origin has passed the bridge");
  if (path === PairingServiceService.pair.path) return { peer: pageClient(origin) };
  const token = bearerOf(metadata.get("authorization"));
  const proven = token === undefined ? undefined : pairings.find(origin, token);
  if (proven !== undefined) return { peer: pairedClient(proven.id), ended: proven.ended };
  return new Failure("NOT_PAIRED", "this page is not paired with the daemon, or no longer; call Pair", {
    code: status.UNAUTHENTICATED,
  });
}
