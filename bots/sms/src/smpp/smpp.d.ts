// What is used of npm `smpp` 0.5.1, which has no types. Members of received PDUs are what the SMSC sent: unknown.
declare module "smpp" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  import type { ConnectionOptions } from "node:tls";

  /** A received PDU. `command_id` has bit 31 set in responses. */
  export interface Pdu {
    readonly command: string;
    readonly command_id: number;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly [field: string]: unknown;
    response(fields?: Record<string, unknown>): Pdu;
  }

  export interface Session extends EventEmitter {
    readonly socket: Socket;
    /** False: the socket is no longer writable, nothing was sent and the callback is never called. */
    send(pdu: Pdu, responded?: (pdu: Pdu) => void): boolean;
    destroy(): void;
  }

  interface SessionOptions extends ConnectionOptions {
    readonly host: string;
    readonly port: number;
    readonly tls: boolean;
    readonly noDelay: boolean;
  }

  interface Smpp {
    /** Connects at once; "connect" or "secureConnect", "error" and "close" tell how it fares. */
    connect(options: SessionOptions): Session;
    readonly PDU: new (command: string, fields?: Record<string, unknown>) => Pdu;
  }

  const smpp: Smpp;
  export default smpp;
}
