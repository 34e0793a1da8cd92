/** A command of a `console` block, and the output that the page shows for it. */
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** Reads a `console` block: `$ command`, its continuation after a backslash, then lines of output. */
export function stepsOf(body: string): Step[] {
  const steps: { command: string; output: string[] }[] = [];
  for (const line of body.trimEnd().split("\n")) {
    const last = steps.at(-1);
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else if (last === undefined) throw new Error(`the block does not begin with $ and a command: ${line}`);
    else if (last.output.length === 0 && last.command.endsWith("\\")) last.command += `\n${line}`;
    else last.output.push(line);
  }
  return steps;
}

/** True when output is as shown: `…` alone on a line stands for any lines, `…` in a line for any text; spaces at ends do not count. */
export function looksLike(output: string, shown: readonly string[]): boolean {
  const lines = shown.map((line) =>
    line.trim() === "…" ? String.raw`(?:.*\n)*?` : `${line.trimEnd().split("…").map(quoted).join(".*?")}[ \\t]*\\n`,
  );
  const text = output === "" || output.endsWith("\n") ? output : `${output}\n`;
  return new RegExp(`^${lines.join("")}$`).test(text.replaceAll(/[ \t]+$/gm, ""));
}

const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
