import { CoreRefusal } from "../core/core-port.ts";
import { value, type Answer, type Asking } from "./asking.ts";
import { audit, channels, exampleOf, help, pending, status, whoAmI } from "./look.ts";
import { isStop, type Order, type Read } from "./parse-order.ts";
import { freeze, pause } from "./stop.ts";
import { tx } from "./tx.ts";

/** Does what was written, and answers it. Rejects with what is no refusal of the core. */
export async function perform(read: Read, asking: Asking): Promise<Answer> {
  const { book } = asking;
  switch (read.type) {
    case "order":
      return attempt(read.order, asking);
    case "mistake": {
      const command = { command: value(`/${read.name}`) };
      const mistake = read.mistake === "takes-nothing" ? command : {};
      return [
        [book.row(`mistake-${read.mistake}`, mistake), book.row("example", { example: value(exampleOf(read.name)) })],
      ];
    }
    case "loosens":
    case "unknown":
      return [[book.row(read.type)]];
  }
}

async function attempt(order: Order, asking: Asking): Promise<Answer> {
  try {
    return await carryOut(order, asking);
  } catch (error) {
    if (!(error instanceof CoreRefusal)) throw error;
    const { book } = asking;
    if (!error.isOutage) return [[book.row("refused", { reason: value(error.reason) })]];
    return [[book.row(isStop(order) ? "stop-unknown" : "core-silent")]];
  }
}

async function carryOut(order: Order, asking: Asking): Promise<Answer> {
  switch (order.name) {
    case "status":
      return status(asking);
    case "channels":
      return channels(asking);
    case "pending":
      return pending(asking);
    case "tx":
      return tx(order.wanted, asking);
    case "freeze":
      return freeze(order, asking);
    case "pause":
      return pause(order, asking);
    case "audit":
      return audit(asking);
    case "whoami":
      return whoAmI(asking);
    case "help":
      return help(asking);
  }
}
