import {
  Metadata,
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
  type StatusObject,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** A message of the samples: text on the wire as it is. */
export interface Sample {
  readonly text: string;
}

const encode = ({ text }: Sample): Buffer => Buffer.from(text);
const decode = (bytes: Uint8Array): Sample => {
  if (bytes[0] === 0xff) throw new Error("not text");
  return { text: Buffer.from(bytes).toString() };
};

function method(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Sample, Sample> {
  return {
    path: `/sample.v1.SampleService/${name}`,
    requestStream,
    responseStream,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  };
}

/** Methods that do what their request's text says. */
export const SampleDefinition: Record<"one" | "many" | "upload", MethodDefinition<Sample, Sample>> = {
  one: method("One", false, false),
  many: method("Many", false, true),
  upload: method("Upload", true, false),
};

/** What happened at the server, for tests to look at. */
export interface Happened {
  readonly peers: string[];
  readonly metadata: Metadata[];
  readonly deadlines: (Date | number)[];
  cancelled: number;
  written: number;
  /** Called at each cancellation. */
  onCancelled: () => void;
}

/** Text that says "fail" carries all of an error that may pass a bridge. */
export const FAILURE: { readonly code: status; readonly message: string; readonly bytes: Buffer } = {
  code: status.FAILED_PRECONDITION,
  message: "zu spät: 100 % vorbei\r\ngrpc-status:0 ☂",
  bytes: Buffer.from([0, 1, 2, 254, 255]),
};

/** The samples, and what happens in them. */
export function sampleService(): {
  readonly implementation: UntypedServiceImplementation;
  readonly happened: Happened;
} {
  const happened: Happened = {
    peers: [],
    metadata: [],
    deadlines: [],
    cancelled: 0,
    written: 0,
    onCancelled: () => undefined,
  };
  const note = (call: ServerUnaryCall<Sample, Sample> | ServerWritableStream<Sample, Sample>): void => {
    happened.peers.push(call.getPeer());
    happened.metadata.push(call.metadata);
    happened.deadlines.push(call.getDeadline());
    call.on("cancelled", () => {
      happened.cancelled++;
      happened.onCancelled();
    });
  };
  const implementation: UntypedServiceImplementation = {
    one: (call: ServerUnaryCall<Sample, Sample>, done: sendUnaryData<Sample>) => {
      note(call);
      one(call.request.text, done);
    },
    many: (call: ServerWritableStream<Sample, Sample>) => {
      note(call);
      void many(call, happened);
    },
    upload: () => undefined,
  };
  return { implementation, happened };
}

function one(text: string, done: sendUnaryData<Sample>): void {
  switch (text) {
    case "fail":
      return done(failure());
    case "throw":
      throw new Error("words that stay at the server");
    case "bare":
      return done(new Error("a bare error"));
    case "never":
      return;
    case "twice":
      done(null, { text: "first" });
      return done(null, { text: "second" });
    case "trailers":
      return done(null, { text }, trailers());
    default:
      return done(null, { text: `${text}!` });
  }
}

async function many(call: ServerWritableStream<Sample, Sample>, happened: Happened): Promise<void> {
  const [word = "", count = "0"] = call.request.text.split(" ");
  if (word === "open") call.sendMetadata(new Metadata());
  for (let i = 0; i < Number(count); i++) {
    if (call.cancelled) return;
    happened.written++;
    const room = call.write({ text: word === "large" ? "x".repeat(16 * 1024) : String(i) });
    if (!room) await roomIn(call);
  }
  if (word === "fail") call.emit("error", failure());
  else if (word === "hold" || word === "open") return;
  else if (word === "trailers") call.end(trailers());
  else call.end();
}

function roomIn(call: ServerWritableStream<Sample, Sample>): Promise<void> {
  return new Promise((resolve) => {
    const next = (): void => {
      call.off("drain", next).off("cancelled", next);
      resolve();
    };
    call.on("drain", next).on("cancelled", next);
  });
}

function failure(): Partial<StatusObject> {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", FAILURE.bytes);
  return { code: FAILURE.code, details: FAILURE.message, metadata };
}

function trailers(): Metadata {
  const metadata = new Metadata();
  metadata.set("x-left", "3");
  return metadata;
}
