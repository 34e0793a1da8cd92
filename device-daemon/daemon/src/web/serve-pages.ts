import { DeviceServiceService, type DeviceServiceServer } from "@countersign/proto/node/device/v1/device_service";
import { PairingServiceService, type PairingServiceServer } from "@countersign/proto/node/device/v1/pairing_service";
import { listenWeb, WebBridge, type WebListening } from "@countersign/web-bridge";
import type { Pairings } from "../pairing/pairings.ts";
import { admitPage } from "./admit-page.ts";
import { pageDevice } from "./page-device.ts";

/** Largest message of a page, in bytes: as over the socket. */
const MAX_MESSAGE = 16 * 1024;

/** Time for calls in flight when the daemon ends, in milliseconds. */
const CLOSE_MS = 500;

/** What is served to whom. */
export interface PagesGiven {
  /** 0 takes a free one. */
  readonly port: number;
  readonly origins: readonly string[];
  readonly device: DeviceServiceServer;
  readonly pairing: PairingServiceServer;
  readonly pairings: Pairings;
}

/** A daemon that answers pages. */
export interface ServingPages {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves DeviceService and PairingService to pages, on 127.0.0.1 and ::1 alone. Rejects when the port is taken. */
export async function servePages(given: PagesGiven): Promise<ServingPages> {
  const four = await listenWeb({ host: "127.0.0.1", port: given.port }, (port) => bridgeAt(port, given));
  const { port } = four;
  let six: WebListening | undefined;
  try {
    six = await listenWeb({ host: "::1", port }, () => bridgeAt(port, given));
  } catch (cause) {
    if (!isWithoutIpv6(cause)) {
      await four.close(0);
      throw cause;
    }
  }
  return {
    port,
    close: async () => {
      await Promise.all([four.close(CLOSE_MS), six?.close(CLOSE_MS)]);
    },
  };
}

function bridgeAt(port: number, { origins, device, pairing, pairings }: PagesGiven): WebBridge {
  return new WebBridge({
    services: [
      { definition: DeviceServiceService, implementation: pageDevice(device) },
      { definition: PairingServiceService, implementation: { ...pairing } },
    ],
    rules: {
      hosts: new Set([`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`]),
      origins: new Set(origins),
      withoutOrigin: false,
      text: false,
      maxMessage: MAX_MESSAGE,
    },
    admit: (call) => admitPage(pairings, call),
    maxCalls: 100,
  });
}

// A machine without IPv6 has no ::1 that anybody else could take.
function isWithoutIpv6(cause: unknown): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes((cause as NodeJS.ErrnoException).code ?? "");
}
