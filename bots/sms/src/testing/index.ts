export { FAKE_PASSWORD, FAKE_SYSTEM_ID, FakeSmsc, type SmscManners } from "./fake-smsc.ts";
export { Phones, type Phone, type PhoneMessage, type PhoneView } from "./phones.ts";
export { SAMPLE_NUMBER, SAMPLE_SHORT_CODE, shortMessage, shortOutgoing } from "./samples.ts";
export type { SmscFault } from "./smsc-fault.ts";
export type { Stored } from "./smsc-store.ts";
export type { Submitted } from "./submit-sm.ts";
export { FAKE_GATEWAY_KEY, FakeGateway, type GatewayFault, type Posted } from "./fake-gateway.ts";
