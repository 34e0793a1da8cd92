// Fakes of core and daemon for tests of programs that use the SDK. Not part of the product.
export { APP_TOKEN, CODE, FakeCore, GRANT_TOKEN, type Executor } from "./fake-core.ts";
export { serveWeb, type FakeWeb } from "./serve-web.ts";
export { startFakeDaemon, type FakeDaemon, type KeyAct } from "./fake-daemon.ts";
export { fakeStatusError, type FakeError } from "./status-error.ts";
export { TestFidoKey, TestKey } from "./test-key.ts";
