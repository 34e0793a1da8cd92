import type { CtapFields, CtapMap } from "@countersign/key-protocol";
import type { Resident } from "./fido-state.ts";

/** Whom a credential is for. */
export type User = Pick<Resident, "userId" | "name" | "displayName">;

/** Code units of a name that are kept. */
const MAX_NAME = 64;

/** Reads a user entity (host-controlled). Names are cut to what the key has room for. Throws CtapError. */
export function readUser(fields: CtapFields): User {
  const userId = fields.bytes("id", 1, 64);
  const name = fields.optional("name", (key) => cut(fields.text(key, 1024)));
  const displayName = fields.optional("displayName", (key) => cut(fields.text(key, 1024)));
  fields.optional("icon", (key) => fields.text(key, 1024));
  return { userId, ...(name === undefined ? {} : { name }), ...(displayName === undefined ? {} : { displayName }) };
}

/** The user entity of an answer; without names where the user was not verified. */
export function userMap(user: User, withNames: boolean): CtapMap {
  const map = new Map<string, Uint8Array | string>([["id", user.userId]]);
  if (withNames && user.name !== undefined) map.set("name", user.name);
  if (withNames && user.displayName !== undefined) map.set("displayName", user.displayName);
  return map;
}

function cut(text: string): string {
  return text.slice(0, MAX_NAME).toWellFormed();
}
