/**
 * Text of others made harmless for a terminal: controls, escapes and invisible or direction-changing characters become
 * their code points. Safe text (docs/protocol/safe-text.md) passes unchanged.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (character) => {
    return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}
