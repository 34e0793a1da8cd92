import { isIP } from "node:net";
import { refusal } from "./settings.ts";

/** Where the core listens; port 0 takes a free one. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** With it, clients without a certificate of this authority are turned away. */
  readonly clientCa: string | undefined;
}

export function tlsOf(
  cert: string | undefined,
  key: string | undefined,
  clientCa: string | undefined,
): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert !== undefined) throw refusal("tlsKey", "is needed beside tlsCert");
  if (key !== undefined) throw refusal("tlsCert", "is needed beside tlsKey");
  if (clientCa !== undefined) throw refusal("tlsCert", "is needed beside tlsClientCa");
  return undefined;
}

export function refusePlaintext(
  name: "listen" | "webListen" | "adminListen",
  { host }: Listen,
  tls: TlsFiles | undefined,
): void {
  if (tls !== undefined || isLoopback(host)) return;
  throw refusal(name, `${host} is not this machine alone: give tlsCert and tlsKey, or listen on 127.0.0.1`);
}

/** Whether only programs of this machine get there. Names other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "::1" || host === "localhost";
}
