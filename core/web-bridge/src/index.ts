export { listenWeb, MAX_PIPELINED, type WebListening, type WebPlace } from "./listen-web.ts";
export type { WebService } from "./routes.ts";
export { originOf, type WebRules } from "./rules.ts";
export { type Admitted, type Arriving, type BridgeOptions, WebBridge } from "./web-bridge.ts";
