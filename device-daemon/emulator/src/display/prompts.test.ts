import { expect, test } from "@jest/globals";
import type { Prompt } from "../prompt.ts";
import { SIZES } from "../testing/size-grid.ts";
import { type DisplaySize, SMALLEST, USUAL } from "./display-size.ts";
import {
  addFingerPrompt,
  cannotShowPrompt,
  codePrompt,
  deletePrompt,
  digitsPrompt,
  donePrompt,
  endedPrompt,
  enrolPrompt,
  fingerPrompt,
  fingerprintPrompt,
  idlePrompt,
  linkWarningPrompt,
  menuPrompt,
  newPinPrompt,
  pinLockedPrompt,
  pinPrompt,
  reasonPrompt,
  removeFingerPrompt,
  resetPrompt,
  signedPrompt,
} from "./prompts.ts";

const ISSUER = "Sparkasse Überlingen";
const TAG = "GIRAFFE LEOPARD";
const CODE = { issuer: ISSUER, tag: TAG, deadline: 94_000, hostEntry: false };

/** Every page of the key's own, and the words that must be on it whatever the display. */
const PROMPTS: readonly (readonly [name: string, prompt: Prompt, words: string])[] = [
  [
    "link-warning",
    linkWarningPrompt(ISSUER),
    `LINK ${ISSUER} Your own phone must show these lines; a code you saw on the PC is false.`,
  ],
  ["pin", pinPrompt(4, 8, ""), "PIN ****__ 8"],
  ["wrong pin", pinPrompt(0, 7, "wrong PIN"), "PIN wrong ______ 7"],
  ["twelve digits", pinPrompt(12, 1, "", true), "PIN ************ 1"],
  ["locked", pinLockedPrompt(5), "PIN LOCKED 3 wrong in a row: unplug the key nothing was signed"],
  ["blocked", pinLockedPrompt(0), "PIN LOCKED no tries left only a reset helps nothing was signed"],
  ["finger", fingerPrompt("not recognised"), "FINGER not recognised touch the sensor"],
  ["code", codePrompt(CODE, "482"), `CODE ${ISSUER} from your phone 1:34 ${TAG}`],
  [
    "ten digits",
    codePrompt({ ...CODE, hostEntry: true }, "1234567890"),
    `CODE ${ISSUER} typed on the PC 1234567890 ${TAG}`,
  ],
  ["reject", reasonPrompt(ISSUER, 4), `REJECT ${ISSUER} 1 wrong data 2 not me 3 changed my mind 4▶somebody told me to`],
  ["signed", signedPrompt(ISSUER, TAG, false), `SIGNED ${ISSUER} The outcome comes on your phone. ${TAG}`],
  ["rejected", signedPrompt(ISSUER, TAG, true), `REJECTED ${ISSUER} The outcome comes on your phone. ${TAG}`],
  [
    "cannot show",
    cannotShowPrompt("Environment", 0x430, "mixed-scripts"),
    "CANNOT SHOW Environment U+0430 mixed letters in one word nothing was signed",
  ],
  ["ended", endedPrompt("PIN not changed"), "NOTHING WAS SIGNED PIN not changed"],
  ["enrol", enrolPrompt(ISSUER), `NEW KEY for the server ${ISSUER}`],
  ["enrol, unusual", enrolPrompt("Bank Łódź"), "NEW KEY for the server Bank Łódź Unusual: Ł U+0141, ź U+017A"],
  ["digits", digitsPrompt(ISSUER, "7319024673190246"), `DIGITS that you were given ${ISSUER}`],
  [
    "fingerprint",
    fingerprintPrompt(ISSUER, "0f3a 91c2 77de 04b1"),
    `FINGERPRINT of the new key 0f3a 91c2 77de 04b1 ${ISSUER}`,
  ],
  ["new pin", newPinPrompt("new-pin", 6, "they were different"), "NEW PIN they were different ****** 6 to 12 digits"],
  ["repeat pin", newPinPrompt("repeat-pin", 0, ""), "NEW PIN AGAIN ______ 6 to 12 digits"],
  ["reset", resetPrompt(3), "RESET wipes PIN, fingers and keys hold OK, or press it 3 more"],
  ["delete", deletePrompt(ISSUER), `DELETE KEY of the server ${ISSUER}`],
  ["menu", menuPrompt(["change PIN", "add finger", "remove finger"]), "MENU 1 change PIN 2 add finger 3 remove finger"],
  ["add finger", addFingerPrompt(3), "NEW FINGER touch the sensor 3 times"],
  ["remove finger", removeFingerPrompt([1, 2, 3, 4, 5]), "REMOVE FINGER 1 finger 1 5 finger 5"],
  ["done", donePrompt("finger 5 is removed"), "DONE finger 5 is removed"],
];

function textOf(prompt: Prompt, size: DisplaySize): string {
  return prompt
    .draw(size, 0)
    .flat()
    .map((row) => row.trim())
    .join(" ");
}

test.each(PROMPTS)("claim 07: the page %s says all it has to say, whatever the display", (_name, prompt, words) => {
  for (const size of SIZES) {
    const screens = prompt.draw(size, 0);
    for (const rows of screens) {
      expect(rows).toHaveLength(size.rows);
      expect(rows.filter((row) => Array.from(row).length !== size.columns)).toEqual([]);
    }
    const said = textOf(prompt, size);
    expect(words.split(" ").filter((word) => !said.includes(word))).toEqual([]);
  }
});

test.each(
  PROMPTS.filter(
    ([, prompt]) =>
      prompt.turns === "entry" && ["pin", "new-pin", "repeat-pin", "code", "digits"].includes(prompt.page),
  ),
)("what is typed at %s is on the first screen, with title or note above it, whatever the display", (_name, prompt) => {
  const whole = (prompt.draw(USUAL, 0)[0] ?? []).map((row) => row.replace(/ +\d:\d\d$/, "").trim());
  const typed = whole.find((row) => /^[*_]{6,}$|^[\d_](?: [\d_]){5,}$|^\d{10}$|^\d{4}( \d{4})+$/.test(row)) ?? "none";
  for (const size of SIZES) {
    const first = prompt.draw(size, 0)[0]?.join(" ").replaceAll(" ", "");
    expect(first).toContain(typed.replaceAll(" ", ""));
  }
});

test("a page fits one screen of 21x6 unless an issuer of 20 columns makes it longer", () => {
  expect(PROMPTS.filter(([, prompt]) => prompt.draw(USUAL, 0).length > 1).map(([name]) => name)).toEqual([]);
});

test("threat 30: the code page says where the code comes from, on every display", () => {
  for (const size of SIZES) {
    expect(textOf(codePrompt(CODE, ""), size)).toContain("from your phone");
    expect(textOf(codePrompt({ ...CODE, hostEntry: true }, ""), size)).toContain("typed on the PC");
  }
});

test("16x2: the code page keeps digits and time; NEXT shows what for", () => {
  expect(codePrompt({ ...CODE, issuer: "Acme Bank" }, "482").draw(SMALLEST, 0)).toEqual([
    ["CODE        1:34", "4 8 2 _ _ _     "],
    ["CODE         1/3", "Acme Bank       "],
    ["CODE         2/3", "from your phone "],
    ["CODE         3/3", "GIRAFFE LEOPARD "],
  ]);
});

test("16x2: the reason that was chosen is the one that is shown", () => {
  const prompt = reasonPrompt("Acme Bank", 2);
  const screens = prompt.draw(SMALLEST, 0);
  expect(screens[prompt.opensAt?.(SMALLEST) ?? 0]?.[1]?.trim()).toBe("2▶not me");
});

test.each([
  ["serial and model that fit share a row", USUAL, "emulator EMU-0001"],
  ["others have rows of their own", { columns: 16, rows: 6 }, "emulator"],
])("idle: %s", (_name, size, words) => {
  expect(textOf(idlePrompt("emulator", "EMU-0001"), size)).toContain(words);
});

test.each([
  ["enrol", enrolPrompt],
  ["delete", deletePrompt],
  ["digits", (name: string) => digitsPrompt(name, "")],
  ["fingerprint", (name: string) => fingerprintPrompt(name, "0F3A 91C2 77DE 04B1")],
])(
  "threat 6: on the page %s a server's name passes for nothing of the key's own, whatever the display",
  (_page, of) => {
    const apart = (name: string, size: DisplaySize): readonly [string[], string[]] => {
      const rows = of(name).draw(size, 0).flat();
      return [rows.filter((row) => !row.startsWith("> ")), rows.filter((row) => row.startsWith("> "))];
    };
    for (const size of SIZES) {
      for (const [name, likeIt] of [
        ["77DE 04B1 0F3A 91C2", "ABCD EFGH IJKL MNOP"],
        ["FINGERPRINT", "Beispielban"],
        ["______", "Banken"],
        ["1234567890", "ABCDEFGHIJ"],
      ] as const) {
        const [own, marked] = apart(name, size);
        expect(own).toEqual(apart(likeIt, size)[0]);
        expect(
          marked
            .map((row) => row.slice(2))
            .join("")
            .replaceAll(" ", ""),
        ).toBe(name.replaceAll(" ", ""));
      }
    }
  },
);
