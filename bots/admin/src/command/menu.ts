import { bookIn } from "../wording/book.ts";
import { ORDER_NAMES } from "./parse-order.ts";

/** Commands as a provider's menu lists them. */
export function menuOf(locale: string): readonly { readonly command: string; readonly description: string }[] {
  const book = bookIn(locale);
  return ORDER_NAMES.map((name) => ({ command: name, description: book.text(`help-${name}`) }));
}
