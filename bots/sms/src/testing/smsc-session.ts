import type { Socket } from "node:net";
import type { FakeSmsc } from "./fake-smsc.ts";
import { Command, cString, encodePdu, FieldReader, PduError, PduReader, RESPONSE, type RawPdu } from "./pdu.ts";
import { receiptText, type SmscFault } from "./smsc-fault.ts";
import type { Stored } from "./smsc-store.ts";
import { readSubmitSm } from "./submit-sm.ts";

const EMPTY = new Uint8Array();
const GARBAGE = Uint8Array.from([0, 0, 0, 7, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3]);

/** One connection of an ESME. */
export class SmscSession {
  readonly #smsc: FakeSmsc;
  readonly #socket: Socket;
  readonly #reader = new PduReader();
  readonly #asked = new Map<number, (status: number) => void>();
  readonly #held: (() => void)[] = [];
  #bound = false;
  #sequence = 0;

  constructor(smsc: FakeSmsc, socket: Socket) {
    this.#smsc = smsc;
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
  }

  /** Requests that wait for their answer. */
  get held(): number {
    return this.#held.length;
  }

  /** Gives the answer that waits longest. */
  answerNext(): void {
    this.#held.shift()?.();
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Sends a receipt; resolves with the status of the bot's answer. */
  async report(stored: Stored, stat: string): Promise<number> {
    const { id, submitted } = stored;
    const named = this.#smsc.manners.mixesIdForms ? BigInt(`0x${id}`).toString() : id;
    const text = Buffer.from(receiptText(named, stat, submitted.text), "latin1");
    const body = [
      ...cString(""),
      ...[1, 1, ...cString(submitted.to.slice(1))],
      ...[submitted.source.ton, submitted.source.npi, ...cString(submitted.source.address)],
      // esm_class, protocol_id, priority_flag | schedule_delivery_time, validity_period | registered_delivery … sm_length
      ...[0x04, 0, 0, 0, 0, 0, 0, 0, 0, text.length],
      ...text,
    ];
    return this.ask(Command.DELIVER_SM, Uint8Array.from(body));
  }

  /** Sends a request; resolves with the status of the answer. */
  async ask(command: number, body: Uint8Array): Promise<number> {
    this.#sequence += 1;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#asked.set(this.#sequence, resolve);
    this.write(encodePdu({ command, status: 0, sequence: this.#sequence, body }));
    return promise;
  }

  #received(chunk: Uint8Array): void {
    try {
      for (const pdu of this.#reader.read(chunk)) this.#handle(pdu);
    } catch (error) {
      this.#smsc.violations.push(error instanceof Error ? error.message : "no PDU");
      this.#socket.destroy();
    }
    this.#smsc.changed();
  }

  #handle(pdu: RawPdu): void {
    if (pdu.command >= RESPONSE) return this.#answered(pdu);
    switch (pdu.command) {
      case Command.BIND_TRANSCEIVER:
        return this.#bind(pdu);
      case Command.ENQUIRE_LINK:
        return this.#smsc.manners.deaf ? undefined : this.#respond(pdu, 0);
      case Command.UNBIND:
        this.#respond(pdu, 0);
        this.#socket.end();
        return undefined;
      case Command.SUBMIT_SM:
        return this.#bound ? this.#submit(pdu) : this.#refuse(pdu, 0x04, "submit_sm before bind");
      default:
        return this.#refuse(pdu, 0x03, `command ${pdu.command}`);
    }
  }

  #answered(pdu: RawPdu): void {
    const answered = this.#asked.get(pdu.sequence);
    this.#asked.delete(pdu.sequence);
    if (answered === undefined) this.#smsc.violations.push(`an answer to ${pdu.sequence}, which nobody asked`);
    else answered(pdu.status);
  }

  #bind(pdu: RawPdu): void {
    this.#smsc.binds += 1;
    const fields = new FieldReader(pdu.body);
    const [systemId, password] = [fields.cString(16), fields.cString(9)];
    fields.cString(13);
    const version = fields.u8();
    const { account, refuseBindWith } = this.#smsc;
    if (version !== 0x34) return this.#refuse(pdu, 0x0d, `interface_version ${version}`);
    if (this.#bound) return this.#refuse(pdu, 0x05, "a second bind");
    if (refuseBindWith !== 0) return this.#respond(pdu, refuseBindWith);
    if (systemId !== account.systemId) return this.#respond(pdu, 0x0f);
    if (password !== account.password) return this.#respond(pdu, 0x0e);
    this.#bound = true;
    this.#smsc.sessions.push(this);
    return this.#respond(pdu, 0, cString("FAKE"));
  }

  #submit(pdu: RawPdu): void {
    this.#smsc.submissions += 1;
    const fault = this.#smsc.faults.take();
    if (fault !== undefined) return this.#goWrong(fault, pdu);
    const { manners } = this.#smsc;
    if (this.#held.length >= manners.window) return this.#refuse(pdu, 0x58, "more requests than the window takes");
    const stored = this.#take(pdu);
    if (stored === undefined) return undefined;
    const answer = (): void => {
      if (manners.reports && manners.reportsFirst) void this.report(stored, "DELIVRD");
      this.#respond(pdu, 0, cString(stored.id));
      if (manners.reports && !manners.reportsFirst && stored.state === "delivered") void this.report(stored, "DELIVRD");
    };
    if (manners.holdsAnswers) this.#held.push(answer);
    else answer();
    return undefined;
  }

  /** Undefined: refused. */
  #take(pdu: RawPdu): Stored | undefined {
    try {
      const submitted = readSubmitSm(pdu.body);
      if (this.#smsc.store.nobody.has(submitted.to)) throw new PduError(0x0b, "");
      return this.#smsc.store.take(submitted);
    } catch (error) {
      const { status, message } = error instanceof PduError ? error : new PduError(0x08, "not UTF-16");
      this.#refuse(pdu, status, message);
      return undefined;
    }
  }

  #goWrong(fault: SmscFault, pdu: RawPdu): void {
    switch (fault.kind) {
      case "status":
        return this.#respond(pdu, fault.status ?? 0x08);
      case "nack":
        return this.write(
          encodePdu({
            command: Command.GENERIC_NACK,
            status: fault.status ?? 0x03,
            sequence: pdu.sequence,
            body: EMPTY,
          }),
        );
      case "swallow":
        return undefined;
      case "no-answer":
        this.#take(pdu);
        return undefined;
      case "reset-before":
        this.#socket.destroy();
        return undefined;
      case "reset-after":
        this.#take(pdu);
        this.#socket.destroy();
        return undefined;
      case "garbage":
        this.#take(pdu);
        return this.write(fault.bytes ?? GARBAGE);
      case "no-id":
        this.#take(pdu);
        return this.#respond(pdu, 0, cString(""));
    }
  }

  #respond({ command, sequence }: RawPdu, status: number, body: Uint8Array = EMPTY): void {
    this.write(encodePdu({ command: (command | RESPONSE) >>> 0, status, sequence, body }));
  }

  #refuse(pdu: RawPdu, status: number, what: string): void {
    if (what !== "") this.#smsc.violations.push(what);
    this.#respond(pdu, status);
  }
}
