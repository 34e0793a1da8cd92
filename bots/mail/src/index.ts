export { readSender, type Sender } from "./address.ts";
export { MAIL_PACE, MailChannel } from "./mail-channel.ts";
export type { SmtpServer } from "./smtp-session.ts";
