import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { openTrace } from "./trace.ts";

const folder = tempFolder();

test("what is observed after its end is left out, and breaks nothing", async () => {
  const file = join(folder, "trace.ndjson");
  const trace = openTrace(file);
  const observe = trace.between("client", "core");
  observe({ method: "/Get", request: { pin: "271828", name: "a" } }, [], undefined);
  const closed = trace.close();
  observe({ method: "/Watch", request: {} }, [], undefined);
  await closed;
  const lines = readFileSync(file, "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { from: "client", to: "core", what: "/Get", request: { pin: "<masked>", name: "a" } },
  ]);
});
