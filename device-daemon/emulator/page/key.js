// The face of the emulated key: draws what GET /screen says, sends presses. It keeps nothing and decides nothing.

const HOLD_MS = 1000;

const display = document.querySelector("#display");
const blank = document.querySelector("#blank");
const said = document.querySelector("#said");
const trouble = document.querySelector("#trouble");
const plug = document.querySelector("#plug");
const ok = document.querySelector('[data-key="ok"]');

// As the key is built; an unplugged one keeps the size that it had.
let size = { columns: 21, rows: 6 };

function resize(rows) {
  const columns = rows.length === 0 ? size.columns : [...rows[0]].length;
  size = { columns, rows: rows.length === 0 ? size.rows : rows.length };
  const cells = size.columns * size.rows;
  if (display.childElementCount === cells) return;
  document.documentElement.style.setProperty("--columns", String(size.columns));
  display.replaceChildren(...Array.from({ length: cells }, () => document.createElement("span")));
}

const KEYS = new Map([
  ["Enter", "ok"],
  ["Escape", "reject"],
  ["ArrowRight", "next"],
  ["ArrowLeft", "back"],
  ["Backspace", "erase"],
  ["Delete", "erase"],
]);

// A countdown is read out at these moments only, not every second.
const TOLD_SECONDS = new Set([60, 30, 10]);

let unplugged = false;

function draw(screen) {
  unplugged = screen.page === "unplugged";
  const hasDisplay = unplugged || screen.rows.length > 0;
  display.hidden = !hasDisplay;
  blank.hidden = hasDisplay;
  display.classList.toggle("dark", unplugged);
  resize(screen.rows);
  const rows = unplugged ? darkRows() : screen.rows;
  for (const [at, cell] of [...display.children].entries()) {
    cell.textContent = [...(rows[Math.floor(at / size.columns)] ?? "")][at % size.columns] ?? " ";
  }
  for (const [name, on] of Object.entries(screen.lights)) {
    const light = document.querySelector(`[data-light="${name}"]`);
    light.classList.toggle("on", on);
    light.querySelector("b").textContent = on ? "on" : "off";
  }
  plug.textContent = unplugged ? "Plug in" : "Unplug";
  tell(wordsOf(screen));
}

function darkRows() {
  const above = Array.from({ length: Math.floor((size.rows - 1) / 2) }, () => "");
  return [...above, " ".repeat(Math.floor((size.columns - 9) / 2)) + "unplugged"];
}

// Rows as sentences, without the countdown's seconds.
function wordsOf(screen) {
  if (unplugged) return "Unplugged.";
  if (screen.rows.length === 0) {
    const lit = Object.entries(screen.lights).filter(([, on]) => on);
    return lit.length === 0 ? "No light is on." : `Lights on: ${lit.map(([name]) => name).join(", ")}.`;
  }
  return screen.rows
    .map((row) => row.trim().replaceAll(/\s+/g, " "))
    .filter((row) => row !== "")
    .map((row) =>
      row.replace(/ (\d+):(\d\d)$/, (_all, minutes, seconds) => leftIn(Number(minutes) * 60 + Number(seconds))),
    )
    .join(". ");
}

function leftIn(seconds) {
  return TOLD_SECONDS.has(seconds) ? `, ${seconds} seconds left` : "";
}

function tell(words) {
  if (said.textContent !== words) said.textContent = words;
}

async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const { taken } = await response.json();
    trouble.textContent = taken === false ? "The page had just changed. Look at it, then press again." : "";
  } catch (cause) {
    trouble.textContent = `The key did not take that: ${cause.message}`;
  }
}

// One after another: two requests on their way may overtake each other, and 12 would become 21.
let pressed = Promise.resolve();

function send(path, body) {
  pressed = pressed.then(() => post(path, body));
}

function press(key) {
  send("/press", { key });
}

// OK held down for a second is another thing than OK; the click that ends it then presses nothing.
let held = false;
let holding;

function startHold() {
  held = false;
  holding = setTimeout(() => {
    held = true;
    send("/hold", {});
  }, HOLD_MS);
}

function endHold() {
  clearTimeout(holding);
}

for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", (event) => {
    const endsHold = held && button === ok && event.detail > 0;
    held = false;
    if (!endsHold) press(button.dataset.key);
    // After a mouse click Enter means OK again, not this button.
    if (event.detail > 0) button.blur();
  });
}

plug.addEventListener("click", () => void post(unplugged ? "/plug" : "/unplug", {}));

ok.addEventListener("pointerdown", startHold);
for (const end of ["pointerup", "pointerleave", "pointercancel"]) ok.addEventListener(end, endHold);
document.querySelector("#hold").addEventListener("click", () => send("/hold", {}));

// Each of the fingers here is one certain finger; which of them the key knows is for the key to say.
for (const button of document.querySelectorAll("[data-finger]")) {
  const name = button.dataset.finger;
  const touch = name === "" ? { match: false, name: "a stranger's" } : { match: true, name };
  button.addEventListener("click", () => send("/finger", touch));
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" && event.target.closest("button, summary") !== null) return;
  if (event.key === "h" || event.key === "H") {
    send("/hold", {});
    return;
  }
  const key = /^[0-9]$/.test(event.key) ? event.key : KEYS.get(event.key);
  if (key === undefined) return;
  event.preventDefault();
  press(key);
});

async function follow() {
  let version = 0;
  for (;;) {
    try {
      const response = await fetch(`/screen?after=${version}`);
      const screen = await response.json();
      if (screen.version !== version) draw(screen);
      version = screen.version;
      trouble.textContent = "";
    } catch {
      trouble.textContent = "The emulator does not answer. Is it still running?";
      version = 0;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

async function build() {
  const key = await (await fetch("/key")).json();
  if (key.display !== null) resize(Array.from({ length: key.display.rows }, () => " ".repeat(key.display.columns)));
  document.querySelector("#sensor").hidden = !key.finger;
  document.querySelector("#digits").hidden = !key.digits;
}

build().then(follow, follow);
