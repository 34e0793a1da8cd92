export { ConfigError, type DaemonConfig, parseConfig } from "./config.ts";
export { type Daemon, startDaemon } from "./start-daemon.ts";
export { SocketPlaceError } from "./socket-server.ts";
export type { HidTransport } from "./hid/hid-transport.ts";
export type { Watch } from "./hid/hid-channel.ts";
export { LinkError, type LinkFault } from "./hid/link-error.ts";
export { KeyRefusal } from "./key/key-refusal.ts";
export type { KeySession, SmartKey } from "./key/smart-key.ts";
export type { DeviceReason } from "./service/failure.ts";
