import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import type { Gate } from "./gate.ts";
import { Malformed } from "./malformed.ts";
import { SHED } from "./shed.ts";
import { isUrgent } from "./urgent.ts";
import { scanRequest } from "./wire-scan.ts";

/**
 * The same service, whose requests are scanned before they are decoded. A refused one reaches the handler as Malformed,
 * which the wrappers of handler.ts answer; that of a unary call for which the gate has no place as SHED, unread.
 */
export function scanned<Service extends ServiceDefinition>(service: Service, gate?: Gate): Service {
  const entries = Object.entries(service).map(([name, method]) => [name, scannedMethod(method, gate)]);
  return Object.fromEntries(entries) as Service;
}

function scannedMethod<Req, Res>(method: MethodDefinition<Req, Res>, gate?: Gate): MethodDefinition<Req, Res> {
  const urgent = isUrgent(method.path);
  const before = method.requestStream || method.responseStream ? undefined : gate;
  return {
    ...method,
    // grpc-js hands on whatever comes out; the wrappers look for Malformed and SHED before they believe the type.
    requestDeserialize: (bytes): Req => {
      if (before?.refuses(urgent) === true) return SHED as Req;
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
