import type { IncomingMessage } from "node:http";
import { readFrame } from "./frame.ts";
import type { RequestHead } from "./head.ts";
import { type HttpRefusal, isText } from "./refusal-of.ts";
import type { WebRules } from "./rules.ts";
import { readText } from "./text-body.ts";

/** The whole body; "too-long" as soon as it is longer than it may be, "gone" when the caller left before its end. */
export function readBody(request: IncomingMessage, longest: number): Promise<Buffer | "too-long" | "gone"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= longest) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      resolve("too-long");
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", () => resolve("gone"));
    request.on("close", () => resolve("gone"));
  });
}

/** The one message of a body, or why there is none. */
export function messageIn(body: Buffer, head: RequestHead, rules: WebRules): Buffer | HttpRefusal {
  const bytes = isText(head) ? readText(body) : body;
  const message = bytes === undefined ? "malformed" : readFrame(bytes, rules.maxMessage);
  switch (message) {
    case "malformed":
      return { code: 400, message: "The body must be exactly one frame: 00, length as u32be, message." };
    case "compressed":
      return { code: 400, message: "Compressed messages are not taken." };
    case "too-large":
      return { code: 413, message: `A message has at most ${rules.maxMessage} bytes.` };
    default:
      return message;
  }
}
