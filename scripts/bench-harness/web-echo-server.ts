// A process that answers one bare unary method twice: as a server of grpc-js, and through the gRPC-Web bridge. Started by
// fork; says where once it listens.
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { listenWeb, WebBridge } from "@countersign/web-bridge";
import { bareService, paddedTo } from "./bare-service.ts";
import { P9_BYTES, P9_ORIGIN } from "./p9.ts";

const answer = paddedTo(P9_BYTES);
const implementation: UntypedServiceImplementation = {
  create: (_call: unknown, callback: (error: null, given: unknown) => void) => callback(null, answer),
  submit: (_call: unknown, callback: (error: null, given: unknown) => void) => callback(null, answer),
};
const server = new Server({ "grpc.enable_channelz": 0 });
server.addService(bareService, implementation);
const web = await listenWeb({ host: "127.0.0.1", port: 0 }, () => {
  const rules = { origins: new Set([P9_ORIGIN]), withoutOrigin: true, text: false, maxMessage: 64 * 1024 };
  return new WebBridge({ services: [{ definition: bareService, implementation }], rules });
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ ready: true, grpc: `127.0.0.1:${port}`, web: web.port });
});
process.once("disconnect", () => process.exit());
