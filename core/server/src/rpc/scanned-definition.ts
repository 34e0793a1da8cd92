import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { Malformed } from "./malformed.ts";
import { scanRequest } from "./wire-scan.ts";

/**
 * The same service, whose requests are scanned before they are decoded. A refused one reaches the handler as Malformed,
 * which the wrappers of handler.ts answer.
 */
export function scanned<Service extends ServiceDefinition>(service: Service): Service {
  const entries = Object.entries(service).map(([name, method]) => [name, scannedMethod(method)]);
  return Object.fromEntries(entries) as Service;
}

function scannedMethod<Req, Res>(method: MethodDefinition<Req, Res>): MethodDefinition<Req, Res> {
  return {
    ...method,
    // grpc-js hands on whatever comes out; the wrappers look for Malformed before they believe the type.
    requestDeserialize: (bytes): Req => {
      const violation = scanRequest(method.path, bytes);
      if (violation !== undefined) return new Malformed(violation) as Req;
      try {
        return method.requestDeserialize(bytes);
      } catch {
        // The scan lets nothing through that a decoder refuses; should it, the answer is the same.
        return new Malformed({ field: "request", description: "cannot be decoded" }) as Req;
      }
    },
  };
}
