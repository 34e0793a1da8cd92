// Loaded before main.ts: the core's `#platform` is platform.ts. Only in this process; nothing of the core knows of it.
import { registerHooks } from "node:module";

const PLATFORM = new URL("platform.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "#platform" ? { url: PLATFORM, shortCircuit: true } : next(specifier, context),
});
