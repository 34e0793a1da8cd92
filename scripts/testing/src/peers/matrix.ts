export { FaultyProxy, type ProxyFault } from "./faulty-proxy.ts";
export { setUpIdentity, type MatrixIdentity } from "./matrix-identity.ts";
export { MatrixPhone, matrixPhonePresent, type PhoneMessage } from "./matrix-phone.ts";
export type { SynapseOptions, SynapseRate } from "./synapse-config.ts";
export { startSynapse, synapsePresent, type Synapse } from "./synapse.ts";
