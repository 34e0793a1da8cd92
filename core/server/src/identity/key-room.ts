// Pure: a user has so many keys at most, and whoever asks for enrolments in his name does not use them up.
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { UserChange } from "./change-user.ts";
import { revokedKey } from "./first-key.ts";
import { keyIndex } from "./key-index.ts";
import type { Key } from "./key.ts";
import type { User } from "./user.ts";

/** Revoked ones included. */
export const MOST_KEYS = 32;

type HeldKey = LoadedEntity<"key"> & { readonly body: Key };

/** Room for one more key, and what making it takes. */
interface Room {
  readonly keyIds: readonly HexId[];
  readonly keys: readonly HeldKey[];
  readonly writes: readonly AnyWrite[];
  readonly also: NonNullable<UserChange["also"]>;
}

const full = refuse("STATE_CONFLICT", `The user has had ${MOST_KEYS} keys, the most there can be.`);

/**
 * The user's keys with room for one more. Where there is none, keys that were never active leave: the revoked before the
 * waiting, those of a recovery last, the older before the newer. A token that asks for enrolments may lie on a user's PC and a
 * FIDO2 key may be a program, so anybody there makes as many such keys as he likes. `keys`: all of the user's.
 */
export function makeRoom(user: User, keys: readonly HeldKey[]): Room | Refusal {
  const over = user.keyIds.length + 1 - MOST_KEYS;
  if (over <= 0) return { keyIds: user.keyIds, keys, writes: [], also: [] };
  const leaving = keys
    .filter(({ body }) => body.state === "PROVISIONAL" || body.neverActive === true)
    .toSorted((one, other) => worth(one.body) - worth(other.body) || one.body.enrolledAt - other.body.enrolledAt)
    .slice(0, over);
  if (leaving.length < over) return full;
  const waiting = leaving.filter(({ body }) => body.state === "PROVISIONAL");
  return {
    keyIds: user.keyIds.filter((id) => leaving.every(({ body }) => body.keyId !== id)),
    keys: keys.filter((one) => !leaving.includes(one)),
    writes: waiting.map(({ key, version: expected, body: before }) => {
      const body = revokedKey(before);
      return { key, expected, body, index: keyIndex(body) };
    }),
    also: waiting.map(({ body }) => ({
      ...{ event: "key.revoked", subject: `key:${body.keyId}` },
      detail: { user: user.userId, why: "made room for another" },
    })),
  };
}

function worth({ state, recoveryId }: Key): number {
  if (state === "REVOKED") return 0;
  return recoveryId === undefined ? 1 : 2;
}
