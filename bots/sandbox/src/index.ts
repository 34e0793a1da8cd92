export { SANDBOX_PEER } from "./phone.ts";
export { SANDBOX_PACE, SandboxChannel } from "./sandbox-channel.ts";
