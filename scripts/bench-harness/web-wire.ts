import { Agent, request as httpRequest } from "node:http";
import type { UnaryMethod } from "./wire.ts";

const HEAD = 5;

/** Several connections to one gRPC-Web listener, kept open. Calls look like those of a page. */
export class WebWire {
  readonly #port: number;
  readonly #origin: string;
  readonly #agent: Agent;

  constructor(port: number, connections: number, origin: string) {
    this.#port = port;
    this.#origin = origin;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  call<Request, Answer>(method: UnaryMethod<Request, Answer>, request: Request): Promise<Answer> {
    const message = method.requestSerialize(request);
    const body = Buffer.alloc(HEAD + message.length);
    body.writeUInt32BE(message.length, 1);
    message.copy(body, HEAD);
    return new Promise((resolve, reject) => {
      const headers = {
        "content-type": "application/grpc-web+proto",
        "content-length": body.length,
        "grpc-timeout": "20S",
        origin: this.#origin,
      };
      const options = { host: "127.0.0.1", port: this.#port, method: "POST", path: method.path, headers };
      const call = httpRequest({ ...options, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = messageOf(Buffer.concat(chunks));
          if (answer === undefined) reject(new Error(`${method.path}: HTTP ${response.statusCode}, no answer`));
          else resolve(method.responseDeserialize(answer));
        });
      });
      call.on("error", reject);
      call.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The message of an answer that ended well: a frame with it, then the trailers. */
function messageOf(body: Buffer): Buffer | undefined {
  if (body.length < HEAD || body[0] !== 0) return undefined;
  const end = HEAD + body.readUInt32BE(1);
  return body
    .subarray(end + HEAD)
    .toString("latin1")
    .startsWith("grpc-status:0")
    ? body.subarray(HEAD, end)
    : undefined;
}
