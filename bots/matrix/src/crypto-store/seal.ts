import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

// One sealed blob: nonce 12 | ciphertext | tag 16        AES-256-GCM
const NONCE = 12;
const TAG = 16;

/** The keys of one store, all derived from the key file and the random id that the store carries in clear. */
export class Seal {
  readonly #sealing: Uint8Array;
  readonly #naming: Uint8Array;
  readonly #adding: Uint8Array;
  /** Says whether a key is this store's, before anything is opened with it. 32 bytes. */
  readonly check: Uint8Array;

  constructor(key: Uint8Array, storeId: Uint8Array) {
    requireKey(key);
    const derive = (purpose: string): Uint8Array =>
      new Uint8Array(hkdfSync("sha256", key, storeId, `countersign/matrix-store/v1/${purpose}`, 32));
    this.#sealing = derive("seal");
    this.#naming = derive("name");
    this.#adding = derive("set");
    this.check = derive("check");
  }

  /** True when `check` is what this key would have written. */
  isOwn(check: Uint8Array): boolean {
    return check.length === this.check.length && timingSafeEqual(check, this.check);
  }

  /** The 16 bytes a row is found by; says nothing of the name to anybody without the key. */
  rowId(name: string): Uint8Array {
    return new Uint8Array(createHmac("sha256", this.#naming).update(name).digest().subarray(0, 16));
  }

  seal(plain: Uint8Array, associated: Uint8Array): Uint8Array {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv("aes-256-gcm", this.#sealing, nonce);
    cipher.setAAD(associated);
    const body = cipher.update(plain);
    cipher.final();
    return new Uint8Array(Buffer.concat([nonce, body, cipher.getAuthTag()]));
  }

  /** Undefined when the blob is not what was sealed with this key and this associated data. */
  open(sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined {
    if (sealed.length < NONCE + TAG) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", this.#sealing, sealed.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
    try {
      const plain = decipher.update(sealed.subarray(NONCE, sealed.length - TAG));
      decipher.final();
      return new Uint8Array(plain);
    } catch {
      return undefined;
    }
  }

  /**
   * What a row adds to the sum over all rows. Adding and taking away are both XOR, so a change of one row costs one
   * step, and nobody without the key can find other rows that add up to the same.
   */
  share(rowId: Uint8Array, generation: bigint, sealed: Uint8Array): Uint8Array {
    const mac = createHmac("sha256", this.#adding).update(rowId).update(u64(generation));
    return new Uint8Array(mac.update(sealed.subarray(sealed.length - TAG)).digest());
  }
}

/** Throws RangeError when this cannot be the key of any store. */
export function requireKey(key: Uint8Array): void {
  if (key.length !== 32) throw new RangeError(`the store key has ${key.length} bytes: it must have 32`);
}

/** Eight bytes, big endian. */
export function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** Adds `share` to `sum`, or takes it away. */
export function exclusiveOr(sum: Uint8Array, share: Uint8Array): void {
  for (const [at, byte] of share.entries()) sum[at] = (sum[at] ?? 0) ^ byte;
}
