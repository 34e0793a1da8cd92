import type { Page } from "playwright-core";

/**
 * Runs the body of an async function in a page, with clients of the daemon's services at hand: `device`, `pairing`, made
 * of the generated code as a web client has it; `bearer(token)` gives the call options; `endOf` says how a call ended.
 */
export function inPage<T>(page: Page, webPort: number, body: string, host = "127.0.0.1"): Promise<T> {
  return page.evaluate(`(async () => {
    const { createChannel, createClient, Metadata } = await import("nice-grpc-web");
    const { DeviceServiceDefinition } = await import("/file/proto/gen/web/countersign/device/v1/device_service.ts");
    const { PairingServiceDefinition } = await import("/file/proto/gen/web/countersign/device/v1/pairing_service.ts");
    const channel = createChannel("http://${host}:${webPort}");
    const device = createClient(DeviceServiceDefinition, channel);
    const pairing = createClient(PairingServiceDefinition, channel);
    const bearer = (token) => ({ metadata: Metadata({ authorization: "Bearer " + token }) });
    const endOf = ({ name, code, details }) => ({ name, code, details });
    const bytesOf = (hex) => new Uint8Array(hex.match(/../g).map((pair) => parseInt(pair, 16)));
    const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    ${body}
  })()`);
}

/** The body that pairs; its result is the digits that the page showed, and the token. */
export const PAIR = `let digits = "", token = "";
  for await (const { event } of pairing.pair({})) {
    if (event.$case === "compareCode") globalThis.digits = digits = event.value;
    else token = event.value;
  }
  return { digits, token };`;
