import { revealText, type Message } from "@countersign/bot-kit";
import { everyMessage, Phase, SAMPLE_CODE, sampleOutgoing } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import { holdsCode, renderEdit, renderMessage, renderSentence, SYMBOLS } from "./render.ts";
import { readHtml } from "./testing/read-html.ts";

const FULL = sampleOutgoing(Phase.FULL).message;
const EVERY = everyMessage(["full"]);

function worded(style: "strong" | "value" | "plain", text: string): Message {
  return { ...FULL, blocks: [[[{ style, text }]]], buttons: [] };
}

function messages({ withCode }: { readonly withCode: boolean }): Message[] {
  return EVERY.filter(({ code }) => (code !== undefined) === withCode).map(({ outgoing }) => outgoing.message);
}

function hintOf({ buttons }: Message): string {
  return buttons
    .flat()
    .map(({ label }, at) => `${SYMBOLS[at]} ${label}`)
    .join(" · ");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

test("check 15: every message reads as it is worded, byte for byte, values in code, nothing hidden", () => {
  expect(EVERY.length).toBeGreaterThan(500);
  for (const { name, outgoing, values, hides } of EVERY) {
    const { formatted_body: html } = renderMessage(outgoing.message, "preview");
    const hint = hintOf(outgoing.message);
    const expected = revealText(outgoing.message) + (hint === "" ? "" : `\n\n${hint}`);
    expect(`${name}: ${readHtml(html).text}`).toBe(`${name}: ${expected}`);
    for (const value of values) expect(html).toContain(`<code>${escaped(value)}</code>`);
    for (const hidden of hides) expect(html).not.toContain(escaped(hidden));
  }
});

test("check 25: the plain body of a message with a code says only that one waits, unless configured otherwise", () => {
  for (const message of messages({ withCode: true })) {
    expect(renderMessage(message, "preview").body).toBe(message.preview);
    expect(renderMessage(message, "full").body).toBe(
      `${message.preview}\n\n${revealText(message)}\n\n${hintOf(message)}`,
    );
  }
  for (const message of messages({ withCode: false }))
    expect(renderMessage(message, "preview").body).toContain(revealText(message));
});

test("the HTML has paragraphs, breaks, code and bold, a direction, and nothing to tap", () => {
  const tags = new Set<string>();
  for (const { outgoing } of EVERY) {
    const { formatted_body: html } = renderMessage(outgoing.message, "full");
    for (const [tag] of html.matchAll(/<[^>]*>/g)) tags.add(tag);
  }
  expect([...tags].toSorted()).toEqual([
    ...["</code>", "</p>", "</strong>", "<br>", "<code>"],
    ...['<p dir="ltr">', '<p dir="rtl">', "<strong>"],
  ]);
});

test("names that clients would make tappable stand in code", () => {
  for (const text of ["@room", "pay.example", "#lobby", "https://x", "!block", "\\x", "$x"]) {
    expect(renderMessage(worded("strong", text), "preview").formatted_body).toBe(
      `<p dir="ltr"><code>${text}</code></p>`,
    );
  }
  expect(renderMessage(worded("strong", "Acme Bank"), "preview").formatted_body).toContain(
    "<strong>Acme Bank</strong>",
  );
});

test("every message names nobody, so that nobody is called", () => {
  expect(renderMessage(FULL, "preview")["m.mentions"]).toEqual({});
  expect(renderSentence("a < b")).toMatchObject({ body: "a < b", formatted_body: '<p dir="auto">a &lt; b</p>' });
});

test("an edit carries the new text whole, and points at what it replaces", () => {
  const content = renderMessage(
    { ...FULL, blocks: [[[{ style: "plain", text: "Executed" }]]], buttons: [] },
    "preview",
  );
  expect(renderEdit(content, "$old")).toMatchObject({
    body: "* Executed",
    "m.new_content": content,
    "m.relates_to": { rel_type: "m.replace", event_id: "$old" },
  });
});

test("nothing is cut: what does not fit into an event is refused", () => {
  // Without a code it stands in the plain body too.
  expect(renderMessage(worded("value", "x".repeat(23_000)), "preview").body).toHaveLength(23_000);
  for (const length of [24_500, 1_000_000]) {
    expect(() => renderMessage(worded("value", "x".repeat(length)), "preview")).toThrow(
      expect.objectContaining({ fate: "permanent", detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" }),
    );
  }
});

test("only a message with the code holds it", () => {
  for (const { outgoing, code } of EVERY) expect(holdsCode(outgoing.message)).toBe(code !== undefined);
  expect(renderMessage(FULL, "preview").body).not.toContain(SAMPLE_CODE.slice(0, 3));
});
