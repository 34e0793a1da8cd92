// state.sealed = "CSK1" | iv 12 | AES-256-GCM ciphertext | tag 16; key = HKDF-SHA-256(device.secret, info "countersign/emulator/seal/v1")

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type DurableFiles, nodeFiles } from "./durable-files.ts";
import { decodeKeyState, encodeKeyState, type KeyState } from "./key-state.ts";
import type { KeyStore } from "./key-store.ts";

const MAGIC = new TextEncoder().encode("CSK1");
const IV = 12;
const TAG = 16;

/**
 * A key's state on disk, sealed under a secret that stays on the device (0600). On a real key the secret sits in the
 * secure element; here whoever reads the folder has both, which is why such keys attest as "emulator".
 */
export class SealedStore implements KeyStore {
  readonly #folder: string;
  readonly #files: DurableFiles;
  readonly #sealKey: Uint8Array;

  /** Opens the folder, made with 0700 if absent. */
  constructor(folder: string, files: DurableFiles = nodeFiles) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    this.#folder = folder;
    this.#files = files;
    const secret = this.#deviceSecret();
    this.#sealKey = new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), "countersign/emulator/seal/v1", 32));
  }

  load(): KeyState | undefined {
    const path = this.#path("state.sealed");
    const sealed = this.#files.read(path);
    if (sealed === undefined) return undefined;
    try {
      return decodeKeyState(this.#open(sealed));
    } catch (cause) {
      throw new Error(
        `${path} was changed or belongs to another device.secret; restore both, or remove both to start anew`,
        {
          cause,
        },
      );
    }
  }

  save(state: KeyState): void {
    this.#replace("state.sealed", this.#seal(encodeKeyState(state)));
  }

  #seal(plain: Uint8Array): Uint8Array {
    const iv = randomBytes(IV);
    const cipher = createCipheriv("aes-256-gcm", this.#sealKey, iv).setAAD(MAGIC);
    return Buffer.concat([MAGIC, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  #open(sealed: Uint8Array): Uint8Array {
    const body = MAGIC.length + IV;
    if (sealed.length < body + TAG) throw new Error("sealed state is too short");
    const iv = sealed.subarray(MAGIC.length, body);
    const opener = createDecipheriv("aes-256-gcm", this.#sealKey, iv, { authTagLength: TAG });
    opener.setAAD(sealed.subarray(0, MAGIC.length)).setAuthTag(sealed.subarray(sealed.length - TAG));
    return new Uint8Array(Buffer.concat([opener.update(sealed.subarray(body, sealed.length - TAG)), opener.final()]));
  }

  #deviceSecret(): Uint8Array {
    const path = this.#path("device.secret");
    if (this.#files.read(path) === undefined) this.#replace("device.secret", randomBytes(32));
    const secret = this.#files.read(path);
    if (secret?.length !== 32) throw new Error(`${path} must hold 32 bytes, it holds ${secret?.length ?? 0}`);
    return secret;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  // Written beside, flushed, renamed over, folder flushed: a power cut leaves the old file or the new one.
  #replace(name: string, bytes: Uint8Array): void {
    const fresh = this.#path(`${name}.new`);
    this.#files.writeFlushed(fresh, bytes);
    this.#files.rename(fresh, this.#path(name));
    this.#files.flushFolder(this.#folder);
  }
}
