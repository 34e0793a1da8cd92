import { status, type ServiceDefinition } from "@grpc/grpc-js";
import { KeyServiceService } from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceService } from "@countersign/proto/node/core/v1/link_service";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { service, type FakeWire, type Handler } from "./fake-wire.ts";
import { fakeStatusError } from "./status-error.ts";

/** Answers by service and method, such as `key.list`; of a stream, an async iterable. */
export type IdentityHandlers = Record<string, (request: never) => unknown>;

/** The services about users, keys and links, each method answered by the handler that stands there when it is called. */
export function addIdentityServices(
  add: (definition: ServiceDefinition, methods: never) => void,
  wire: FakeWire,
  handlers: IdentityHandlers,
): void {
  const definitions = { key: KeyServiceService, link: LinkServiceService, user: UserServiceService };
  for (const [prefix, definition] of Object.entries(definitions)) {
    const methods = Object.entries(definition).map(([name, { responseStream }]): [string, Handler] => {
      const full = `${prefix}.${name}`;
      const answer = (request: unknown): unknown => answerOf(handlers, full, request);
      const stream = (request: unknown): AsyncIterable<unknown> => answer(request) as AsyncIterable<unknown>;
      return [name, responseStream ? wire.stream(stream) : wire.unary(full, answer)];
    });
    add(definition, service(Object.fromEntries(methods)));
  }
}

function answerOf(handlers: IdentityHandlers, name: string, request: unknown): unknown {
  const handler = handlers[name];
  if (handler === undefined) throw fakeStatusError({ code: status.UNIMPLEMENTED, reason: name });
  return handler(request as never);
}
