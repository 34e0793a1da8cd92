import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** One payment as the ledger books it. Amounts are minor units as decimal digits: 125000 is EUR 1 250.00. */
export interface Booking {
  readonly payee: string;
  /** IBAN or other account, or "none given". */
  readonly account: string;
  readonly currency: string;
  readonly minorUnits: string;
  readonly references: readonly string[];
  /** The payer's account and the day, where the order names them. */
  readonly from?: string | undefined;
  readonly date?: string | undefined;
  /** BIC or name of the payee's bank, where the account does not tell it. */
  readonly bank?: string | undefined;
}

/**
 * The bank's books: a file of JSON lines, one a payment and one that closes each transaction.
 *
 * A transaction is written as one append with one fsync, closing line last. A crash leaves either no closing line, and
 * then the rest is cut off at the next start, or all of it: so nothing is ever booked twice or by half.
 */
export class Ledger {
  readonly #file: number;
  readonly #booked: Map<string, string>;
  /** By the digest of a payment file: the transaction that booked it last. */
  readonly #files: Map<string, string>;
  #bytes: number;

  private constructor(file: number, { booked, files }: Pick<Booked, "booked" | "files">) {
    this.#file = file;
    this.#booked = booked;
    this.#files = files;
    this.#bytes = fstatSync(file).size;
  }

  /** Opens or creates the file (0600) and reads what is booked. Throws when a whole line is not one of the ledger's. */
  static open(path: string): Ledger {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const { wholeBytes, ...known } = readBooked(text, path);
    const file = openSync(path, "a", 0o600);
    if (wholeBytes < Buffer.byteLength(text)) ftruncateSync(file, wholeBytes);
    fsyncSync(file);
    syncFolder(dirname(path));
    return new Ledger(file, known);
  }

  /** Reference of a transaction that is booked already, or undefined. */
  referenceOf(transactionId: string): string | undefined {
    return this.#booked.get(transactionId);
  }

  /** The last transaction that booked this very file, where this one is not booked itself; undefined: there is none. */
  earlierOf(
    digest: string,
    transactionId: string,
  ): { readonly transactionId: string; readonly reference: string } | undefined {
    // What is booked itself is told again as what it was, whatever came after it.
    const earlier = digest === "" || this.#booked.has(transactionId) ? undefined : this.#files.get(digest);
    if (earlier === undefined) return undefined;
    return { transactionId: earlier, reference: this.#booked.get(earlier) ?? "" };
  }

  /** Books all payments of one transaction, durably, or does nothing when they are booked already. Returns the reference. */
  book(transactionId: string, userId: string, bookings: readonly Booking[], digest: string): string {
    const known = this.#booked.get(transactionId);
    if (known !== undefined) return known;
    const reference = `ACME-${transactionId.slice(-12).toUpperCase()}`;
    const lines = bookings.map((booking, index) => ({ type: "payment", transactionId, index: index + 1, ...booking }));
    const closing = { type: "transaction", transactionId, userId, payments: lines.length, digest, reference };
    const text = [...lines, closing].map((line) => `${JSON.stringify(line)}\n`).join("");
    this.#append(Buffer.from(text));
    this.#booked.set(transactionId, reference);
    if (digest !== "") this.#files.set(digest, transactionId);
    return reference;
  }

  /** All of it or nothing: a full disk leaves no half transaction for the next one to follow. */
  #append(bytes: Uint8Array): void {
    if (fstatSync(this.#file).size !== this.#bytes)
      throw new Error("somebody else writes this ledger; run one bank a ledger");
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
      fsyncSync(this.#file);
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}

interface Booked {
  /** Reference by transaction. */
  readonly booked: Map<string, string>;
  /** Transaction by digest of its file. */
  readonly files: Map<string, string>;
  /** How many bytes belong to closed transactions: what follows was cut short by a crash. */
  readonly wholeBytes: number;
}

function readBooked(text: string, path: string): Booked {
  const booked = new Map<string, string>();
  const files = new Map<string, string>();
  let wholeBytes = 0;
  let readBytes = 0;
  const lines = text.split("\n");
  const unfinished = lines.pop() ?? "";
  for (const [index, line] of lines.entries()) {
    readBytes += Buffer.byteLength(line) + 1;
    const entry = parseLine(line, `${path}:${index + 1}`);
    if (entry.type !== "transaction") continue;
    booked.set(entry.transactionId, entry.reference);
    if (entry.digest !== "") files.set(entry.digest, entry.transactionId);
    wholeBytes = readBytes;
  }
  return { booked, files, wholeBytes: unfinished === "" && wholeBytes === readBytes ? readBytes : wholeBytes };
}

function parseLine(
  line: string,
  place: string,
): Record<"transactionId" | "reference" | "digest", string> & { type: unknown } {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw new Error(`${place} is no line of a ledger; repair the file by hand before anything is booked`);
  }
  const { type, transactionId, reference = "", digest = "" } = entry;
  if (typeof transactionId !== "string" || typeof reference !== "string" || typeof digest !== "string") {
    throw new Error(`${place} has no transaction id; repair the file by hand before anything is booked`);
  }
  return { type, transactionId, reference, digest };
}

/** Makes the file's name durable as well. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
