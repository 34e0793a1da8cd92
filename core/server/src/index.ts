// The core as a program's part: what scripts and tests of other packages may start. Everything else goes over gRPC.
export { bootstrap, type Bootstrapped } from "./bootstrap.ts";
export { type BootstrapOptions } from "./bootstrap-options.ts";
export {
  ConfigError,
  type CoreConfig,
  type Listen,
  readConfig,
  type Sources,
  type TlsFiles,
  type WebConfig,
} from "./config.ts";
export { openLog, type Log, type LogLevel } from "./log.ts";
export { DEFAULT_POLICY, parsePolicy, PolicyError } from "./policy/policy-document.ts";
export { type Policy } from "./policy/policy.ts";
export { type CoreSeams, type RunningCore, startCore } from "./start-core.ts";
export { type Buggify, type CrashPoint } from "./store/crash-point.ts";
export { type AuditDraft, type ChangeSet, type Store } from "./store/store.ts";
