// What a caller over gRPC-Web learns is what one over gRPC learns: the same handlers behind a server of grpc-js and
// behind the bridge, asked by a client of each kind.
import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type StatusObject,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ClientError, Metadata as WebMetadata } from "nice-grpc-web";
import { type BridgeRig, startBridge } from "./testing/bridge-rig.ts";
import { sampleClient } from "./testing/sample-client.ts";
import { FAILURE, type Sample, SampleDefinition, sampleService } from "./testing/sample-service.ts";

/** All that a caller sees of a call. */
interface Seen {
  readonly messages: readonly string[];
  readonly code: status;
  readonly words: string;
  readonly details: string;
  readonly left: string;
}

const server = new Server();
let direct: Client;
let rig: BridgeRig;

beforeAll(async () => {
  server.addService(SampleDefinition, sampleService().implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  direct = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  rig = await startBridge();
});
afterAll(async () => {
  direct.close();
  server.forceShutdown();
  await rig.stop();
});

function seenOf(messages: readonly string[], { code, details, metadata }: StatusObject): Seen {
  const [packed = Buffer.alloc(0)] = metadata.get("grpc-status-details-bin");
  const bytes = Buffer.isBuffer(packed) ? packed.toString("hex") : "";
  return {
    messages,
    code,
    words: code === status.OK ? "" : details,
    details: bytes,
    left: String(metadata.get("x-left")),
  };
}

async function overGrpc(name: "one" | "many", text: string): Promise<Seen> {
  const { path, requestSerialize, responseDeserialize } = SampleDefinition[name];
  const stream: ClientReadableStream<Sample> = direct.makeServerStreamRequest(
    ...([path, requestSerialize, responseDeserialize, { text }, new Metadata(), {}] as const),
  );
  const messages: string[] = [];
  stream.on("data", (sample: Sample) => messages.push(sample.text));
  stream.on("error", () => undefined);
  return new Promise((resolve) => stream.on("status", (end) => resolve(seenOf(messages, end))));
}

async function overWeb(name: "one" | "many", text: string): Promise<Seen> {
  const client = sampleClient(rig.url);
  const messages: string[] = [];
  let trailer = new WebMetadata();
  const options = { onTrailer: (given: WebMetadata) => (trailer = given) };
  let [code, words] = [status.OK, ""];
  try {
    if (name === "one") messages.push((await client.one({ text }, options)).text);
    else for await (const sample of client.many({ text }, options)) messages.push(sample.text);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    [code, words] = [error.code, error.details];
  }
  const details = trailer.get("grpc-status-details-bin");
  const left = trailer.get("x-left") ?? "";
  return { messages, code, words, details: Buffer.from(details ?? []).toString("hex"), left };
}

test.each([
  ["one", "hi"],
  ["one", ""],
  ["one", "fail"],
  ["one", "bare"],
  ["one", "trailers"],
  ["many", "count 0"],
  ["many", "count 3"],
  ["many", "large 40"],
  ["many", "fail 0"],
  ["many", "fail 3"],
  ["many", "trailers 1"],
] as const)("%s %j ends alike", async (name, text) => {
  expect(await overWeb(name, text)).toEqual(await overGrpc(name, text));
});

test("an error arrives whole: code, words beyond ASCII, details", async () => {
  expect(await overWeb("many", "fail 2")).toEqual({
    messages: ["0", "1"],
    code: FAILURE.code,
    words: FAILURE.message,
    details: FAILURE.bytes.toString("hex"),
    left: "",
  });
});

test("of two answers to one question the first counts", async () => {
  expect(await overWeb("one", "twice")).toMatchObject({ messages: ["first"], code: status.OK });
});

test("what a method throws is UNKNOWN; its words, which grpc-js tells, are not told here", async () => {
  expect(await overWeb("one", "throw")).toMatchObject({ code: status.UNKNOWN, words: "the method failed" });
  expect(await overGrpc("one", "throw")).toMatchObject({ code: status.UNKNOWN });
});
