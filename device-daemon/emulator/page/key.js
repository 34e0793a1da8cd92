// The face of the emulated key: draws what GET /screen says, sends presses. It keeps nothing and decides nothing.

const COLUMNS = 21;
const ROWS = 6;

const display = document.querySelector("#display");
const blank = document.querySelector("#blank");
const said = document.querySelector("#said");
const trouble = document.querySelector("#trouble");
const plug = document.querySelector("#plug");

const cells = Array.from({ length: COLUMNS * ROWS }, () => {
  const cell = document.createElement("span");
  display.append(cell);
  return cell;
});

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
  const rows = unplugged ? ["", "", "      unplugged"] : screen.rows;
  for (const [at, cell] of cells.entries()) {
    cell.textContent = [...(rows[Math.floor(at / COLUMNS)] ?? "")][at % COLUMNS] ?? " ";
  }
  for (const [name, on] of Object.entries(screen.lights)) {
    const light = document.querySelector(`[data-light="${name}"]`);
    light.classList.toggle("on", on);
    light.querySelector("b").textContent = on ? "on" : "off";
  }
  plug.textContent = unplugged ? "Plug in" : "Unplug";
  document.querySelector("#finger").hidden = screen.page !== "finger";
  tell(wordsOf(screen));
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
    trouble.textContent = "";
  } catch (cause) {
    trouble.textContent = `The key did not take that: ${cause.message}`;
  }
}

// One after another: two requests on their way may overtake each other, and 12 would become 21.
let pressed = Promise.resolve();

function press(key) {
  pressed = pressed.then(() => post("/press", { key }));
}

for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", (event) => {
    press(button.dataset.key);
    // After a mouse click Enter means OK again, not this button.
    if (event.detail > 0) button.blur();
  });
}

plug.addEventListener("click", () => void post(unplugged ? "/plug" : "/unplug", {}));
document.querySelector("#finger").addEventListener("click", () => void post("/finger", { match: true }));

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" && event.target.closest("button, summary") !== null) return;
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

void follow();
