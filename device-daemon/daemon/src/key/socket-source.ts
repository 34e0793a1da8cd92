import { setTimeout as sleep } from "node:timers/promises";
import { LinkError } from "../hid/link-error.ts";
import { SocketTransport } from "../hid/socket-transport.ts";
import type { KeyKind } from "./attached-key.ts";
import type { KeyRegistry } from "./key-registry.ts";

/** How soon a socket is tried again, in milliseconds. */
const RETRY_MS = 200;

/** Keeps one socket attached: the key behind it may come later, leave, and return. Resolves after `signal`. */
export async function watchSocket(
  { path, patience }: { readonly path: string; readonly patience: number },
  kind: KeyKind,
  registry: KeyRegistry,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const transport = await SocketTransport.connect(path, patience);
      const close = (): void => transport.close();
      signal.addEventListener("abort", close, { once: true });
      registry.setDenied(path, undefined);
      await registry.attach(transport, kind);
      signal.removeEventListener("abort", close);
    } catch (cause) {
      if (!(cause instanceof LinkError)) throw cause;
      const denied =
        cause.fault === "permission" ? `${path} belongs to another user; start the key as this user` : undefined;
      registry.setDenied(path, denied);
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}
