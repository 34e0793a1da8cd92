import { Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  ConfirmationServiceService,
  type ConfirmationServiceWatchResponse,
} from "@countersign/proto/node/core/v1/confirmation_service";

/** What one open ConfirmationService.Watch of one core tells, as it comes. */
export class Watched {
  readonly #client: Client;
  readonly #told: AsyncIterator<ConfirmationServiceWatchResponse>;

  constructor(coreAddress: string, confirmationToken: string, cursor = "") {
    this.#client = new Client(coreAddress, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = ConfirmationServiceService.watch;
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${confirmationToken}`);
    const stream = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { cursor },
      metadata,
    );
    this.#told = stream[Symbol.asyncIterator]() as AsyncIterator<ConfirmationServiceWatchResponse>;
  }

  /** The next message; rejects when the stream ended with an error, or without one more. */
  async next(): Promise<ConfirmationServiceWatchResponse> {
    const { value, done } = await this.#told.next();
    if (done === true) throw new Error("the watch ended");
    return value;
  }

  close(): void {
    this.#client.close();
  }
}
