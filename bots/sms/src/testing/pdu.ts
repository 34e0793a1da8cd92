// PDUs of SMPP 3.4 as the fake SMSC reads and writes them; shares nothing with the library under the bot.
// length u32be | command u32be | status u32be | sequence u32be | body            SMPP 3.4 section 3.2

/** Commands that the fake knows; a response is the request with bit 31. */
export const Command = {
  GENERIC_NACK: 0x80000000,
  BIND_TRANSCEIVER: 0x00000009,
  SUBMIT_SM: 0x00000004,
  DELIVER_SM: 0x00000005,
  UNBIND: 0x00000006,
  ENQUIRE_LINK: 0x00000015,
} as const;
/** Bit 31 of a command. */
export const RESPONSE = 0x80000000;
const HEADER = 16;
const LONGEST = 64 * 1024;

/** One PDU. */
export interface RawPdu {
  readonly command: number;
  readonly status: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** What the fake refuses as malformed; `status` is the SMPP status that it answers. */
export class PduError extends Error {
  override readonly name = "PduError";
  readonly status: number;

  constructor(status: number, what: string) {
    super(what);
    this.status = status;
  }
}

/** Writes a PDU. */
export function encodePdu({ command, status, sequence, body }: RawPdu): Uint8Array {
  const bytes = new Uint8Array(HEADER + body.length);
  const view = new DataView(bytes.buffer);
  for (const [at, word] of [bytes.length, command, status, sequence].entries()) view.setUint32(at * 4, word);
  bytes.set(body, HEADER);
  return bytes;
}

/** Cuts a stream of bytes into PDUs, which may come in any pieces. */
export class PduReader {
  #bytes: Uint8Array = new Uint8Array();

  /** Takes the next bytes; gives what is complete. Throws PduError when a length is none. */
  read(chunk: Uint8Array): RawPdu[] {
    this.#bytes = Uint8Array.from([...this.#bytes, ...chunk]);
    const pdus: RawPdu[] = [];
    while (this.#bytes.length >= 4) {
      const view = new DataView(this.#bytes.buffer);
      const length = view.getUint32(0);
      if (length < HEADER || length > LONGEST) throw new PduError(0x02, `a length of ${length}`);
      if (this.#bytes.length < length) break;
      pdus.push({
        command: view.getUint32(4),
        status: view.getUint32(8),
        sequence: view.getUint32(12),
        body: this.#bytes.slice(HEADER, length),
      });
      this.#bytes = this.#bytes.slice(length);
    }
    return pdus;
  }
}

/** Reads fields of a body one after the other, strictly. */
export class FieldReader {
  readonly #body: Uint8Array;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  u8(): number {
    return this.bytes(1)[0] ?? 0;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  /** ASCII up to a zero byte; at most `most` bytes with it. */
  cString(most: number): string {
    const end = this.#body.indexOf(0, this.#at);
    if (end < 0 || end - this.#at >= most) throw new PduError(0x01, `no end within ${most} bytes`);
    const text = Buffer.from(this.#body.slice(this.#at, end)).toString("latin1");
    if (!/^[ -~]*$/.test(text)) throw new PduError(0x01, "not ASCII");
    this.#at = end + 1;
    return text;
  }

  bytes(length: number): Uint8Array {
    const bytes = this.#body.slice(this.#at, this.#at + length);
    if (bytes.length < length) throw new PduError(0x01, "the body ends too early");
    this.#at += length;
    return bytes;
  }

  /** Optional parameters up to the end, by tag. */
  tlvs(): Map<number, Uint8Array> {
    const tlvs = new Map<number, Uint8Array>();
    while (this.#at < this.#body.length) {
      const tag = this.u16();
      if (tlvs.has(tag)) throw new PduError(0xc0, `the parameter ${tag} twice`);
      tlvs.set(tag, this.bytes(this.u16()));
    }
    return tlvs;
  }
}

/** A string with its zero byte. */
export function cString(text: string): Uint8Array {
  return Uint8Array.from([...Buffer.from(text, "latin1"), 0]);
}
