import {
  Client,
  credentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** One call that passes, decoded. `method` is the full name: "/countersign.core.v1.TransactionService/Create". */
export interface PassingCall {
  readonly method: string;
  readonly request: unknown;
}

/** Sends a (changed or unchanged) request on and yields what comes back; unary calls yield one message. */
export type Forward = (request: unknown) => AsyncIterable<unknown>;

/**
 * What malware between two parts does with a call: pass it, change it, answer it itself, repeat it. Yields what the
 * caller gets; throws a ServiceError to answer with an error.
 */
export type Tamper = (call: PassingCall, forward: Forward) => AsyncIterable<unknown>;

/** A running man in the middle. */
export interface Proxy {
  /** Where callers connect to: "127.0.0.1:PORT" or "unix:PATH". */
  readonly address: string;
  /** Sends any call of the proxied services to the real server, with the caller's last credentials: malware's own calls. */
  call(method: string, request: unknown): AsyncIterable<unknown>;
  close(): void;
}

/** What may be done wrong in one call is seen by the recorder as well: name, request and every answer. */
export type Observe = (call: PassingCall, answers: readonly unknown[], error: ServiceError | undefined) => void;

/** What stands between a caller and a server: handlers that pass every call on through the tamper. */
export interface Passing {
  readonly handlers: readonly {
    readonly definition: ServiceDefinition;
    readonly implementation: UntypedServiceImplementation;
  }[];
  call(method: string, request: unknown): AsyncIterable<unknown>;
  close(): void;
}

interface PassingOptions {
  readonly target: string;
  readonly services: readonly ServiceDefinition[];
  readonly tamper?: Tamper;
  readonly observe?: Observe;
}

/** Passes every unary and server-streaming call of `services` to `target` through `tamper`, wherever it comes from. */
export function passing(options: PassingOptions): Passing {
  const upstream = new Client(options.target, credentials.createInsecure());
  const methods = new Map<string, ServiceDefinition[string]>();
  for (const service of options.services) for (const method of Object.values(service)) methods.set(method.path, method);
  let lastMetadata = new Metadata();

  const forwardTo = (path: string, metadata: Metadata, gone?: AbortSignal): Forward => {
    const method = methods.get(path);
    if (method === undefined) throw new Error(`the proxy does not know ${path}`);
    return (request) => send(upstream, method, metadata, request, gone);
  };
  const pass: Pass = (path, request, metadata, gone) => {
    lastMetadata = metadata;
    const call = { method: path, request };
    const forward = forwardTo(path, metadata, gone);
    const answers = options.tamper === undefined ? forward(request) : options.tamper(call, forward);
    return options.observe === undefined ? answers : observed(call, answers, options.observe);
  };
  return {
    handlers: options.services.map((definition) => ({ definition, implementation: implementation(definition, pass) })),
    call: (path, request) => forwardTo(path, lastMetadata)(request),
    close: () => upstream.close(),
  };
}

/** Listens at `listen` for gRPC. */
export async function startProxy(options: PassingOptions & { readonly listen: string }): Promise<Proxy> {
  const between = passing(options);
  const server = new Server();
  for (const handler of between.handlers) server.addService(handler.definition, handler.implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.listen, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    address: options.listen.startsWith("unix:") ? options.listen : `127.0.0.1:${port}`,
    call: between.call,
    close: () => {
      server.forceShutdown();
      between.close();
    },
  };
}

/** `gone` aborts when the caller hung up. */
type Pass = (path: string, request: unknown, metadata: Metadata, gone?: AbortSignal) => AsyncIterable<unknown>;

function implementation(service: ServiceDefinition, pass: Pass): UntypedServiceImplementation {
  const handlers: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(service)) {
    if (method.requestStream) continue;
    handlers[name] = method.responseStream ? streaming(method.path, pass) : unary(method.path, pass);
  }
  return handlers;
}

function unary(path: string, pass: Pass): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    void (async () => {
      try {
        for await (const answer of pass(path, call.request, call.metadata)) return callback(null, answer);
        return callback({ code: 14, details: "the connection was cut", metadata: new Metadata() });
      } catch (error) {
        return callback(error as ServiceError);
      }
    })();
  };
}

function streaming(path: string, pass: Pass): handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    void (async () => {
      const gone = new AbortController();
      call.on("cancelled", () => gone.abort());
      try {
        for await (const answer of pass(path, call.request, call.metadata, gone.signal)) call.write(answer);
        call.end();
      } catch (error) {
        if (!gone.signal.aborted) call.emit("error", error);
      }
    })();
  };
}

/** Makes one call upstream; leaving the loop early cancels it. */
async function* send(
  upstream: Client,
  method: ServiceDefinition[string],
  metadata: Metadata,
  request: unknown,
  gone?: AbortSignal,
): AsyncGenerator {
  const serialize = method.requestSerialize as (value: unknown) => Buffer;
  const deserialize = method.responseDeserialize as (bytes: Buffer) => unknown;
  if (!method.responseStream) {
    yield await new Promise<unknown>((resolve, reject) => {
      upstream.makeUnaryRequest(method.path, serialize, deserialize, request, metadata, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
    return;
  }
  const call = upstream.makeServerStreamRequest(method.path, serialize, deserialize, request, metadata);
  gone?.addEventListener("abort", () => call.cancel(), { once: true });
  try {
    for await (const answer of call) yield answer;
  } finally {
    call.on("error", () => {});
    call.cancel();
  }
}

async function* observed(call: PassingCall, answers: AsyncIterable<unknown>, observe: Observe): AsyncGenerator {
  const seen: unknown[] = [];
  let failure: ServiceError | undefined;
  try {
    for await (const answer of answers) {
      seen.push(answer);
      yield answer;
    }
  } catch (error) {
    failure = error as ServiceError;
    throw error;
  } finally {
    // Also when the caller wants no further answer, as a unary call does after the first.
    observe(call, seen, failure);
  }
}
