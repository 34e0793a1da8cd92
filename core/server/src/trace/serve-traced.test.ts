// The program, told by the variable that OpenTelemetry's users know.
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { Client, credentials, status } from "@grpc/grpc-js";
import { startChild, tempFolder } from "@countersign/testing";
import { until } from "../store/redis/testing/redis-cluster.ts";
import { Collector } from "./testing/collector.ts";

const root = tempFolder();
const collector = new Collector();
afterEach(() => collector.close());

const PATH = "/countersign.core.v1.UserService/Get";
const raw = (bytes: Buffer): Buffer => bytes;

test("a core sends its spans, those of pages' calls too", async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: await collector.open() };
  const folders = ["--data", join(root, "data"), "--secrets", join(root, "secrets"), "--listen", "127.0.0.1:0"];
  const web = ["--web-listen", "127.0.0.1:0", "--web-origins", "http://localhost:5173"];
  const core = await startChild("core/server/src/main.ts", ["serve", ...folders, ...web], env);
  const { address, webAddress } = core.ready as { address: string; webAddress: string };
  const client = new Client(address, credentials.createInsecure());
  const code = await new Promise((resolve) =>
    client.makeUnaryRequest(PATH, raw, raw, Buffer.alloc(0), (error) => resolve(error?.code)),
  );
  expect(code).toBe(status.UNAUTHENTICATED);
  client.close();
  const headers = { "Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1", Origin: "http://localhost:5173" };
  const place = `http://${webAddress}/countersign.core.v1.ConfirmationService/Watch`;
  const answer = await fetch(place, { method: "POST", headers, body: Buffer.alloc(5) });
  await answer.arrayBuffer();
  // They come by themselves, in batches: that the end waits for those that are left is tested where it may take its time.
  await until(async () => collector.spans.filter(({ name }) => name.startsWith("countersign.")).length >= 2);
  expect(await core.stop()).toBe(0);
  expect(collector.complaints).toEqual([]);
  const ends = collector.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  for (const name of ["countersign.core.v1.UserService/Get", "countersign.core.v1.ConfirmationService/Watch"]) {
    expect(ends.find((span) => span.name === name)?.facts).toMatchObject({
      "rpc.grpc.status_code": status.UNAUTHENTICATED,
      "countersign.reason": "UNAUTHENTICATED",
    });
  }
});
