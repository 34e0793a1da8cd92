// For tests: a collector that takes OTLP/HTTP with JSON, and nothing that is not exactly that.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";

const value = v.union([
  v.strictObject({ stringValue: v.string() }),
  v.strictObject({ intValue: v.union([v.number(), v.string()]) }),
  v.strictObject({ doubleValue: v.number() }),
  v.strictObject({ boolValue: v.boolean() }),
]);
const attributes = v.array(v.strictObject({ key: v.string(), value }));
const nanos = v.pipe(v.string(), v.regex(/^[0-9]{16,20}$/));
const span = v.strictObject({
  traceId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  spanId: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  parentSpanId: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  traceState: v.optional(v.literal("")),
  name: v.string(),
  kind: v.picklist([1, 2, 3, 4, 5]),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  droppedAttributesCount: v.literal(0),
  events: v.tuple([]),
  droppedEventsCount: v.literal(0),
  links: v.tuple([]),
  droppedLinksCount: v.literal(0),
  status: v.strictObject({ code: v.picklist([0, 1, 2]) }),
  flags: v.number(),
});
const request = v.strictObject({
  resourceSpans: v.array(
    v.strictObject({
      resource: v.strictObject({ attributes, droppedAttributesCount: v.literal(0) }),
      scopeSpans: v.array(v.strictObject({ scope: v.strictObject({ name: v.string() }), spans: v.array(span) })),
    }),
  ),
});

/** A span as it came, its attributes by name. */
export interface TakenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly failed: boolean;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** A place that spans are sent to. */
export class Collector {
  readonly spans: TakenSpan[] = [];
  /** All bytes that came. */
  readonly bodies: string[] = [];
  /** What was wrong with what came. */
  readonly complaints: string[] = [];
  #held: Promise<void> = Promise.resolve();
  // The exporter's connections are its own to close: what it sends on one that is just closed as idle is lost.
  readonly #server: Server = createServer({ keepAliveTimeout: 0 }, (asked, answer) => {
    this.#take(asked, answer).catch((error: unknown) => {
      // An exporter whose patience is over goes away in the middle of a request.
      if (asked.complete) this.complaints.push(String(error));
      answer.destroy();
    });
  });

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Once; later calls are nothing. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Answers nobody until the result is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async #take(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    await this.#held;
    const body = Buffer.concat(chunks).toString("utf8");
    this.bodies.push(body);
    const { method, url, headers } = asked;
    const place = `${method} ${url} ${headers["content-type"]}`;
    if (place !== "POST /v1/traces application/json") this.complaints.push(place);
    const read = v.safeParse(request, JSON.parse(body));
    if (read.success) for (const { scopeSpans } of read.output.resourceSpans) this.#keep(scopeSpans);
    else this.complaints.push(JSON.stringify(v.flatten(read.issues)));
    answer.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  }

  #keep(scopes: v.InferOutput<typeof request>["resourceSpans"][number]["scopeSpans"]): void {
    for (const { spans } of scopes) {
      for (const { traceId, spanId, parentSpanId, name, status, attributes: pairs } of spans) {
        const facts = Object.fromEntries(pairs.map((pair) => [pair.key, Object.values(pair.value)[0]]));
        this.spans.push({ traceId, spanId, parentSpanId, name, failed: status.code === 2, facts });
      }
    }
  }
}
