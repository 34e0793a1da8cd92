// A process that answers gRPC calls and does nothing else: the other part of the limit. Two bare methods take and give
// one message of a string and bytes, as long as those of Create and SubmitStatement; the product's own two methods decode
// the real requests and encode real answers, which were recorded beforehand. Started by fork, configured by one message.
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  TransactionServiceCreateResponse,
  TransactionServiceService,
} from "@countersign/proto/node/core/v1/transaction_service";
import {
  VerificationServiceSubmitStatementResponse,
  VerificationServiceService,
} from "@countersign/proto/node/core/v1/verification_service";
import { bareService, paddedTo } from "./bare-service.ts";
import type { Recorded } from "./recorded.ts";

process.once("message", (recorded: Recorded) => {
  const server = new Server({ "grpc.enable_channelz": 0 });
  const [create, submit] = [fromBase64(recorded.create.answer), fromBase64(recorded.submit.answer)];
  server.addService(bareService, {
    create: answering(paddedTo(create.length)),
    submit: answering(paddedTo(submit.length)),
  });
  const created = TransactionServiceCreateResponse.decode(create);
  const submitted = VerificationServiceSubmitStatementResponse.decode(submit);
  server.addService(only(TransactionServiceService, "create"), { create: answering(created) });
  server.addService(only(VerificationServiceService, "submitStatement"), { submitStatement: answering(submitted) });
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    process.send?.({ ready: true, address: `127.0.0.1:${port}` });
  });
});
process.once("disconnect", () => process.exit());

function answering(answer: unknown): UntypedServiceImplementation[string] {
  return (_call: unknown, callback: (error: null, answer: unknown) => void) => callback(null, answer);
}

function only(service: ServiceDefinition, name: string): ServiceDefinition {
  const method = service[name];
  if (method === undefined) throw new Error(`the service has no method ${name}`);
  return { [name]: method };
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
