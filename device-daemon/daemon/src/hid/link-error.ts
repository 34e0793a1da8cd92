/** How the link broke. "left": unplugged. "garbled": reports were lost or changed. "busy": others hold the key. */
export type LinkFault = "left" | "garbled" | "busy" | "permission";

/** The link to the key broke. After it, what the key did is unknown, unless the fault is "busy" or "permission". */
export class LinkError extends Error {
  readonly fault: LinkFault;

  constructor(fault: LinkFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LinkError";
    this.fault = fault;
  }
}
