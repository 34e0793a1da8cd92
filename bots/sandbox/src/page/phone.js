// The page of the sandbox phone: shows what the bot process holds, by long polling. Texts enter as text only.
const chat = document.getElementById("chat");
const link = document.getElementById("link");
const popUp = document.getElementById("pop-up");
const composer = document.getElementById("composer");
const field = document.getElementById("text");
const language = document.getElementById("language");

/** What each message looked like when it was drawn, by id. */
const drawn = new Map();
let popUpsSeen;
let popUpEnds;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawRow(runs) {
  const row = element("span", "row");
  for (const { style, text } of runs) {
    if (style === "plain") row.append(text);
    else {
      const isolated = element(style === "strong" ? "strong" : "bdi", style === "strong" ? "" : style, text);
      isolated.dir = style === "code" ? "ltr" : "auto";
      row.append(isolated);
    }
  }
  return row;
}

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, locale: language.value }),
  });
  if (!response.ok) showPopUp((await response.json()).error);
}

function drawButtons(message) {
  return message.buttons.map((buttons) => {
    const row = element("div", "buttons");
    for (const { label, id } of buttons) {
      const button = element("button", "", label);
      button.type = "button";
      button.addEventListener("click", () => void post("/press", { messageId: message.id, buttonId: id }));
      row.append(button);
    }
    return row;
  });
}

function draw(message) {
  const item = element("article", `message ${message.from}`);
  item.dir = message.from === "bot" ? message.direction : "auto";
  if (message.locale !== "") item.lang = message.locale;
  item.append(element("span", "visually-hidden", message.from === "bot" ? "Countersign: " : "You: "));
  for (const rows of message.blocks) {
    const block = element("p", "");
    block.append(...rows.map(drawRow));
    item.append(block);
  }
  item.append(...drawButtons(message));
  if (message.edited) {
    const edited = element("span", "edited", "edited");
    edited.lang = "en";
    item.append(edited);
  }
  return item;
}

function showPopUp(text) {
  popUp.textContent = text;
  // It takes room from the chat: what was pressed must not end up below the edge.
  if (chat.contains(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" });
  clearTimeout(popUpEnds);
  popUpEnds = setTimeout(() => (popUp.textContent = ""), 15_000);
}

function show({ messages, popUps }) {
  let newest;
  for (const message of messages) {
    const now = JSON.stringify(message);
    const before = drawn.get(message.id);
    if (before?.was === now) continue;
    const item = draw(message);
    if (before === undefined) chat.append(item);
    else before.item.replaceWith(item);
    drawn.set(message.id, { was: now, item });
    newest = item;
  }
  const fresh = popUps.slice(popUpsSeen ?? popUps.length);
  popUpsSeen = popUps.length;
  if (fresh.length > 0) showPopUp(fresh.at(-1));
  // A message is read from its top: the code stands at its end, after amount and payee.
  if (newest !== undefined) chat.scrollTop = newest.offsetTop - chat.offsetTop - 12;
}

function tell(state) {
  if (link.textContent !== state) link.textContent = state;
}

async function follow() {
  let version = -1;
  for (;;) {
    try {
      const response = await fetch(`/messages?view=page&after=${version}`);
      if (!response.ok) throw new Error(String(response.status));
      const screen = await response.json();
      // The process was started anew: its ids begin again.
      if (screen.version < version) location.reload();
      version = screen.version;
      show(screen);
      tell("online");
    } catch {
      tell("not connected, trying again");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

language.value = sessionStorage.getItem("language") ?? "en";
language.addEventListener("change", () => sessionStorage.setItem("language", language.value));

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (text === "") return;
  field.value = "";
  void post("/send", { text });
});

// A deep link puts the token into the field; sending it is the person's own act, as the START button of a messenger is.
const token = new URLSearchParams(location.search).get("start");
if (token !== null) {
  field.value = `/start ${token}`;
  history.replaceState(null, "", "/");
  field.focus();
}
void follow();
