export type { MatrixSession, WriteGiven } from "./matrix-session.ts";
export { openSession } from "./session.ts";
