// Taking a transaction to a key from a web page: through the daemon of the PC, or by the browser's WebAuthn. No Node here.
// docs/how-to/use-a-key-from-a-web-page.md
export { type DaemonClients, PageDaemon, type PairingStore } from "./page-daemon.ts";
export { type CallOptionsOf, type PageCore, type Submitted } from "./page-core.ts";
export { type PageProgress, takeToDaemon } from "./take-to-daemon.ts";
export {
  assertWithCode,
  type CredentialPlace,
  type Registration,
  registerKey,
  type RegistrationRequest,
} from "./webauthn.ts";
export { openTransaction, type OpenTransaction, type WireTransaction } from "../transaction-view.ts";
