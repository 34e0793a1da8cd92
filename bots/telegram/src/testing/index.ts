export type { PhoneView } from "./chats.ts";
export { FAKE_TOKEN, FakeBotApi, type Recorded } from "./fake-bot-api.ts";
export type { Fault } from "./faults.ts";
export type { Limits } from "./rate-limit.ts";
