const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CHANGED = "áƀćďéƒǧĥíĵķĺḿńóṗɋŕśťúṽẃẍýźÁƁĆĎÉƑǤĤÍĴĶĹḾŃÓṔɊŔŚŤÚṼẂẌÝŹ";
const LETTERS = new Map([...PLAIN].map((letter, at) => [letter, [...CHANGED][at] ?? letter]));

/** English with every letter changed and vowels doubled: some 30 % longer, as German is. Values are not passed through it. */
export function pseudo(text: string): string {
  return [...text].map((letter) => (LETTERS.get(letter) ?? letter).repeat(/[aeou]/.test(letter) ? 2 : 1)).join("");
}
