import { encode, wrap } from "nodemailer/lib/qp";

const LINE_LENGTH = 72;

/**
 * Text as quoted-printable lines of at most 76 characters, each ended by CRLF, whose decoding gives the same bytes whatever
 * mail server or mailbox format carried them.
 */
export function quotedPrintable(text: string): string {
  const encoded = wrap(encode(text.replaceAll("\n", "\r\n")), LINE_LENGTH);
  // Mailbox files turn a line's "From " into ">From "; a broken server loses or doubles a leading dot.
  return `${encoded.replaceAll(/^From /gm, "=46rom ").replaceAll(/^\./gm, "=2E")}\r\n`;
}
