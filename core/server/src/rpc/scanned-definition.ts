import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { Malformed } from "./malformed.ts";
import { Unread } from "./unread.ts";
import { scanRequest } from "./wire-scan.ts";

/**
 * The same service, whose requests are scanned before they are decoded. A refused one reaches the handler as Malformed,
 * which the wrappers of handler.ts answer. Those of unary calls come Unread: looked at when their call has its turn.
 */
export function scanned<Service extends ServiceDefinition>(service: Service): Service {
  const entries = Object.entries(service).map(([name, method]) => [name, scannedMethod(method)]);
  return Object.fromEntries(entries) as Service;
}

function scannedMethod<Req, Res>(method: MethodDefinition<Req, Res>): MethodDefinition<Req, Res> {
  const read = (bytes: Buffer): Req | Malformed => {
    const violation = scanRequest(method.path, bytes);
    if (violation !== undefined) return new Malformed(violation);
    try {
      return method.requestDeserialize(bytes);
    } catch {
      // The scan lets nothing through that a decoder refuses; should it, the answer is the same.
      return new Malformed({ field: "request", description: "cannot be decoded" });
    }
  };
  const isUnary = !method.requestStream && !method.responseStream;
  return {
    ...method,
    // grpc-js hands on whatever comes out; the wrappers of handlers know what it may be.
    requestDeserialize: (bytes) => (isUnary ? new Unread(bytes, read) : read(bytes)) as Req,
  };
}
