// What must not lie in the store: the keys codes, tokens and entities are protected by, and the core's signing key.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { coseKeyOfJwk, fromHex, macKey, toHex, type MacKey } from "@countersign/protocol";
import { codeKeyFile, codeKeyNumbers } from "./code-key-files.ts";
import type { CoreSecrets } from "./given.ts";
import type { HexId } from "./store/entity.ts";

/** All secrets of one installation, and the id that it is known by. */
export interface Secrets extends CoreSecrets {
  /** Authenticates entities and the audit chains' root (K_store). */
  readonly store: MacKey;
  /** 32 hexadecimal digits, drawn with the secrets. */
  readonly serverId: HexId;
  /** Tells each K_code from any other, by its number. */
  readonly codeKeyIds: ReadonlyMap<number, HexId>;
}

/** The secrets folder is absent, incomplete, or readable by others. */
export class SecretsError extends Error {
  override readonly name = "SecretsError";
}

const FILES = ["server-id", "code.key", "store.key", "token.key", "signing-key.pem"] as const;
type SecretFile = (typeof FILES)[number];

/**
 * Reads the secrets folder (0700, files 0600). With `create`, a folder that is absent or empty is filled at once or not at
 * all; a folder that lacks a part is never completed: a new key beside an old store would make every entity INTEGRITY.
 */
export function loadOrCreateSecrets(folder: string, options: { readonly create: boolean }): Secrets {
  if (!existsSync(folder) || readdirSync(folder).length === 0) {
    if (!options.create)
      throw new SecretsError(`${folder}: no secrets here; name the folder of this installation's secrets`);
    createSecrets(resolve(folder));
  }
  refuseIfOpenToOthers(folder, "0700");
  const hex = (file: string, length: number): Uint8Array => readHex(folder, file, length);
  const { known, inUse } = codeKeyNumbers(folder);
  // Read first: a set without it is refused by its name.
  const code = hex(codeKeyFile(inUse), 32);
  const codes = known.map((number) => [number, hex(codeKeyFile(number), 32)] as const);
  const signing = createPrivateKey(read(folder, "signing-key.pem"));
  const publicKey = coseKeyOfJwk(createPublicKey(signing).export({ format: "jwk" }));
  return {
    serverId: toHex(hex("server-id", 16)),
    code: macKey(code),
    ...(known.length === 1 && inUse === 1
      ? {}
      : { codeKeys: { inUse, known: new Map(codes.map(([number, key]) => [number, macKey(key)])) } }),
    codeKeyIds: new Map(codes.map(([number, key]) => [number, toHex(keyId(key))])),
    store: macKey(hex("store.key", 32)),
    token: macKey(hex("token.key", 32)),
    sign: (bytes) => new Uint8Array(sign("sha256", bytes, { key: signing, dsaEncoding: "ieee-p1363" })),
    signKeyId: keyId(publicKey),
    publicKey,
  };
}

// Written beside the folder and renamed over it: a crash leaves the whole set or none.
function createSecrets(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  const made = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  chmodSync(made, 0o700);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const contents: Record<SecretFile, string> = {
    "server-id": `${toHex(randomBytes(16))}\n`,
    "code.key": `${toHex(randomBytes(32))}\n`,
    "store.key": `${toHex(randomBytes(32))}\n`,
    "token.key": `${toHex(randomBytes(32))}\n`,
    "signing-key.pem": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  for (const file of FILES) writeDurably(join(made, file), contents[file]);
  syncFolder(made);
  renameSync(made, folder);
  syncFolder(dirname(folder));
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

function read(folder: string, file: string): string {
  const path = join(folder, file);
  if (!existsSync(path)) throw new SecretsError(`${path} is missing; restore it from your backup of the secrets`);
  refuseIfOpenToOthers(path, "0600");
  return readFileSync(path, "utf8");
}

// The error names the file, never what is in it.
function readHex(folder: string, file: string, length: number): Uint8Array {
  const text = read(folder, file).trim();
  if (!/^[0-9a-f]*$/.test(text) || text.length !== 2 * length) {
    throw new SecretsError(`${join(folder, file)}: expected ${2 * length} lower-case hexadecimal digits`);
  }
  return fromHex(text);
}

function refuseIfOpenToOthers(path: string, wanted: string): void {
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new SecretsError(`${path} is open to other users of this machine; fix: chmod ${wanted} ${path}`);
  }
}

function keyId(key: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update("countersign/key-id/v1\0").update(key).digest()).subarray(0, 16);
}
