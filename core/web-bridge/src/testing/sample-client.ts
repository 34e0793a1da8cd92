import { createChannel, createClient, type Client } from "nice-grpc-web";
import type { Sample } from "./sample-service.ts";

interface MessageType {
  encode(value: Sample): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Sample;
  fromPartial(value: Partial<Sample>): Sample;
}

const message: MessageType = {
  encode: ({ text }: Sample) => ({ finish: () => new TextEncoder().encode(text) }),
  decode: (bytes: Uint8Array): Sample => ({ text: new TextDecoder().decode(bytes) }),
  fromPartial: (value: Partial<Sample>): Sample => ({ text: value.text ?? "" }),
};

type Method<Name extends string, Stream extends boolean> = {
  readonly name: Name;
  readonly requestType: MessageType;
  readonly requestStream: false;
  readonly responseType: MessageType;
  readonly responseStream: Stream;
  readonly options: { readonly idempotencyLevel?: "IDEMPOTENT" };
};

/** The samples as ts-proto describes services to browsers. */
export type SampleWebDefinition = {
  readonly name: "SampleService";
  readonly fullName: "sample.v1.SampleService";
  readonly methods: { readonly one: Method<"One", false>; readonly many: Method<"Many", true> };
};

/** See SampleWebDefinition. */
export const SampleWebDefinition: SampleWebDefinition = {
  name: "SampleService",
  fullName: "sample.v1.SampleService",
  methods: { one: methodOf("One", false), many: methodOf("Many", true) },
};

function methodOf<Name extends string, Stream extends boolean>(
  name: Name,
  responseStream: Stream,
): Method<Name, Stream> {
  return { name, requestType: message, requestStream: false, responseType: message, responseStream, options: {} };
}

/** A client as a page has it. */
export function sampleClient(url: string): Client<SampleWebDefinition> {
  return createClient(SampleWebDefinition, createChannel(url));
}
