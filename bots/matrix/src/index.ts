export { MATRIX_PACE, MatrixChannel, type MatrixGiven } from "./matrix-channel.ts";
export type { DeviceRule } from "./heard-event.ts";
export type { BodyRule } from "./render.ts";
export { readStoreKey } from "./store-key.ts";
