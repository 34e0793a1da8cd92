import { AsyncLocalStorage } from "node:async_hooks";
import { Gate, type Arrival } from "../rpc/gate.ts";

type Enter = Parameters<Gate["enter"]>;

/** A gate that lets a call begin in the context that it came in: another call's end lets it in. */
export class BoundGate extends Gate {
  override enter(...args: Enter): void {
    const arrival = args[args.length - 1] as Arrival;
    const bound: Arrival = {
      get isOver() {
        return arrival.isOver;
      },
      begin: AsyncLocalStorage.bind((ended: () => void) => arrival.begin(ended)),
      drop: () => arrival.drop(),
    };
    super.enter(...([...args.slice(0, -1), bound] as unknown as Enter));
  }
}
