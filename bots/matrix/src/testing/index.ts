export { MatrixWorld, RecordingDesk, type Person } from "./matrix-world.ts";
export { readHtml } from "./read-html.ts";
