import type { IncomingMessage, ServerResponse } from "node:http";
import { type BridgeOptions, WebBridge } from "@countersign/web-bridge";
import type { Site } from "./site.ts";

/** A bridge beside whose services the console's pages lie. */
export class SiteBridge extends WebBridge {
  readonly #site: Site | undefined;

  constructor(options: BridgeOptions, site: Site | undefined) {
    super(options);
    this.#site = site;
  }

  override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#site?.answer(request, response) !== true) await super.answer(request, response);
  }
}
