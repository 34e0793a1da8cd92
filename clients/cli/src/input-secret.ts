import type { ReadStream } from "node:tty";

/** A terminal that can be read without echo. */
export type SecretInput = Pick<ReadStream, "isTTY" | "setRawMode" | "on" | "off" | "resume" | "pause">;

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ["\u0003", "\u0004", "\b", "\u007F"];

/**
 * Reads one line of digits without echo; spaces between them are the phone's and are left out. Undefined: no terminal,
 * nothing typed, or the signal. Ctrl-C reaches `interrupt`, since a raw terminal raises no signal of its own.
 */
export function readSecretLine(
  input: SecretInput,
  output: { write(text: string): unknown },
  ask: { readonly prompt: string; readonly signal: AbortSignal; readonly interrupt: () => void },
): Promise<string | undefined> {
  const { prompt, signal, interrupt } = ask;
  if (!input.isTTY || signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let typed = "";
    const end = (answer: string | undefined): void => {
      input.off("data", take);
      signal.removeEventListener("abort", gone);
      input.setRawMode(false);
      input.pause();
      output.write("\n");
      resolve(answer === "" ? undefined : answer);
    };
    const gone = (): void => end(undefined);
    const take = (data: Buffer): void => {
      for (const key of data.toString("utf8")) {
        if (key === "\r" || key === "\n" || key === CTRL_D) return end(typed);
        if (key === CTRL_C) {
          end(undefined);
          return interrupt();
        }
        if (key === BACKSPACE || key === DELETE) typed = typed.slice(0, -1);
        else if (/\d/.test(key) && typed.length < 10) typed += key;
      }
    };
    // Echo ends before the question stands there: who answers at once would else see the code on the screen.
    input.setRawMode(true);
    output.write(`  ${prompt}: `);
    input.on("data", take);
    input.resume();
    signal.addEventListener("abort", gone, { once: true });
  });
}
