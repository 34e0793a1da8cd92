import { AsyncLocalStorage } from "node:async_hooks";
import { Gate, type Arrival } from "../rpc/gate.ts";

/** A gate that lets a call begin in the context that it came in: another call's end lets it in. */
export class BoundGate extends Gate {
  override enter(urgent: boolean, address: string, arrival: Arrival): void {
    super.enter(urgent, address, {
      get isOver() {
        return arrival.isOver;
      },
      begin: AsyncLocalStorage.bind((ended: () => void) => arrival.begin(ended)),
      drop: () => arrival.drop(),
    });
  }
}
