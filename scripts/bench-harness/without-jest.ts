// For `--import`: parts of the tests run here without jest. What they leave to its end is removed by who uses them.
import { registerHooks } from "node:module";

const STUB = "data:text/javascript,export const afterAll = () => undefined; export const test = () => undefined;";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals" ? { url: STUB, shortCircuit: true } : next(specifier, context),
});
