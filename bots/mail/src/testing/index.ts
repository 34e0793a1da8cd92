export { FakeSmtp, type FakeSmtpOptions } from "./fake-smtp.ts";
export { Mailbox, type KeptMail, type MailboxView } from "./mailbox.ts";
export { parseMail, type ParsedMail } from "./parse-mail.ts";
export { startPersonsSide, type PersonsSide } from "./persons-side.ts";
export type { SmtpFault, Stage } from "./smtp-fault.ts";
