// A longer line is folded between encoded words; a word itself may have 75 characters (RFC 2047 section 2).
const LONGEST_PLAIN = 60;
const LONGEST_WORD_BYTES = 42;

const PLAIN = /^[ -~]*$/;

function encodedWord(text: string): string {
  return `=?utf-8?B?${Buffer.from(text, "utf8").toString("base64")}?=`;
}

/**
 * Free text as the value of a header: as it is where it is short printable ASCII, else encoded words. Controls and line
 * breaks can only come out encoded, so no text begins another header.
 */
export function headerText(text: string): string {
  // `=?` would be read as an encoded word of the text's own making.
  if (PLAIN.test(text) && text.length <= LONGEST_PLAIN && !text.includes("=?") && text.trim() === text) return text;
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (Buffer.byteLength(word + character) > LONGEST_WORD_BYTES) {
      words.push(encodedWord(word));
      word = "";
    }
    word += character;
  }
  words.push(encodedWord(word));
  return words.join("\r\n ");
}

/** `"Name" <address>`, or the address alone; the name as `readSender` lets it through. */
export function mailbox(name: string, address: string): string {
  if (name === "") return address;
  const written = headerText(name);
  const quoted = written === name ? `"${name}"` : written;
  return `${quoted}${quoted.length + address.length > LONGEST_PLAIN ? "\r\n " : " "}<${address}>`;
}
