export { MatrixSession, type SendGiven, type WriteGiven } from "./matrix-session.ts";
export type { PeerDevice } from "./olm-machine.ts";
export type { Unsendable } from "./sendable.ts";
export { openSession, type SessionOptions } from "./session.ts";
export { SetupRefused } from "./setup-refused.ts";
