import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Route } from "./run-call.ts";

/** A service as `Server.addService` of grpc-js takes it. */
export interface WebService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Routes by path. Methods to which callers stream have none: browsers cannot. */
export function routesOf(
  services: readonly WebService[],
  offered: (path: string) => boolean,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { definition, implementation } of services) {
    for (const [name, method] of Object.entries(definition)) {
      const handler = implementation[name];
      if (method.requestStream || handler === undefined || !offered(method.path)) continue;
      routes.set(method.path, { definition: method, handler: handler.bind(implementation) });
    }
  }
  return routes;
}
