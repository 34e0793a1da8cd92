export { SMS_PACE, SmsChannel } from "./sms-channel.ts";
export { SmppPlatform } from "./smpp/smpp-platform.ts";
export type { SmscAccount } from "./smpp/link.ts";
export type { Receipt, ReceiptTaker, Sms, SmsPlatform, SubmitOptions } from "./sms-platform.ts";
