// A pinentry for tests, stricter than the real one: `fake-pinentry-main.ts FOLDER`. It takes what to do from the first
// line of FOLDER/answers (and removes that line), and keeps every line that it hears in FOLDER/heard. A line that Assuan
// does not allow is kept as VIOLATION and answered with an error.
//
//   answer TEXT    the user typed TEXT (JSON string)         lines TEXT    sends TEXT as it is (JSON string)
//   yes            the user agreed                           exit          ends without an answer
//   cancel         the user closed the prompt                wait          never answers
//   timeout        nobody did anything                       mute          does not even greet
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder = "."] = process.argv.slice(2);
const heard = (line: string): void => appendFileSync(join(folder, "heard"), `${line}\n`);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const SETTINGS = ["SETTITLE", "SETDESC", "SETPROMPT", "SETERROR", "SETOK", "SETCANCEL", "SETTIMEOUT"];
const OPTIONS = /^OPTION (ttyname|ttytype|lc-ctype)=\S+$/;

function nextAct(): string {
  const file = join(folder, "answers");
  const [first = "", ...rest] = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, rest.join("\n"));
  return first;
}

function violation(line: string): string | undefined {
  if (Buffer.byteLength(line) >= 1000) return "longer than 1000 bytes";
  if (/%(?![0-9A-F]{2})/.test(line)) return "a per cent sign that escapes nothing";
  const [command = "", argument] = line.split(/ (.*)/s);
  if (command === "OPTION") return OPTIONS.test(line) ? undefined : "an option of another kind";
  if (SETTINGS.includes(command)) return argument === undefined ? "no argument" : undefined;
  if (command !== "GETPIN" && command !== "CONFIRM" && command !== "BYE") return "an unknown command";
  return argument === undefined ? undefined : "an argument where none belongs";
}

function finish(act: string): void {
  const [what = "", value = '""'] = act.split(/ (.*)/s);
  const text = JSON.parse(value) as string;
  if (what === "answer") {
    say(`D ${text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}`);
    say("OK");
  } else if (what === "lines") process.stdout.write(text);
  else if (what === "yes") say("OK");
  else if (what === "cancel") say("ERR 83886179 Operation cancelled <Pinentry>");
  else if (what === "timeout") say("ERR 83886142 Timeout <Pinentry>");
  else if (what === "exit") process.exit(0);
}

process.once("SIGTERM", () => process.exit(0));
process.once("exit", () => heard("ENDED"));
const act = nextAct();
let described = false;
if (act !== "mute") say("OK Pleased to meet you");
createInterface({ input: process.stdin, crlfDelay: 0 }).on("line", (line) => {
  const wrong = violation(line);
  heard(wrong === undefined ? line : `VIOLATION ${wrong}: ${line}`);
  described ||= line.startsWith("SETDESC ");
  if (wrong !== undefined) say("ERR 67109139 Unknown IPC command <User defined source 1>");
  else if (line === "BYE") process.exit(0);
  else if (line !== "GETPIN" && line !== "CONFIRM") say("OK");
  else if (described) finish(act);
  else say("ERR 67108949 nothing was described <User defined source 1>");
});
