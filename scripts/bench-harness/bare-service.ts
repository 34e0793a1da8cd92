import type { MethodDefinition } from "@grpc/grpc-js";
import { VerificationServiceSubmitStatementRequest as Message } from "@countersign/proto/node/core/v1/verification_service";

type Bare = MethodDefinition<Message, Message>;

const encode = (message: Message): Buffer => Buffer.from(Message.encode(message).finish());
const decode = (bytes: Buffer): Message => Message.decode(bytes);

function method(name: string): Bare {
  return {
    path: `/countersign.bench.Bare/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  };
}

/** Two methods over the simplest message of ours by ts-proto: a string of 32 characters and bytes. */
export const bareService: { readonly create: Bare; readonly submit: Bare } = {
  create: method("Create"),
  submit: method("Submit"),
};

const ID = "0".repeat(32);

/** A message that takes so many bytes on the wire, or as few as it can. */
export function paddedTo(bytes: number): Message {
  const filled = Message.create({ transactionId: ID, signedStatement: Buffer.alloc(bytes) });
  const excess = encode(filled).length - bytes;
  return Message.create({ ...filled, signedStatement: Buffer.alloc(Math.max(0, bytes - excess)) });
}
