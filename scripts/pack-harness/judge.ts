// Looks at tarballs as whoever installs them would: what must not be inside, and what must.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { filesBelow } from "./reach.ts";

const TESTS = /\.test\.|(?:^|\/)(?:testing|tests?|fixtures?|vectors|node_modules)\//;
const REQUIRED = ["package.json", "README.md", "LICENSE"];

/** What looks like a secret of ours or of a provider, with its value. */
const SECRETS: readonly (readonly [string, RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}/],
  ["a token of ours", /\bcs_[a-z]+_[A-Za-z0-9_-]{24,}/],
  ["a token of Telegram", /\b\d{8,10}:[A-Za-z0-9_-]{35}\b/],
];

/** What is wrong with a tarball; empty if nothing. `places`: paths of this machine that nobody else may see. */
export function findingsIn(tarball: string, places: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "countersign-judge-"));
  try {
    execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
    const files = filesBelow(folder);
    const names = files.map((file) => relative(folder, file));
    return [
      ...REQUIRED.filter((name) => !names.includes(name)).map((name) => `has no ${name}`),
      ...names.filter((name) => TESTS.test(name)).map((name) => `${name} is for tests`),
      ...files.flatMap((file) =>
        findingsInText(readFileSync(file, "latin1"), places).map((finding) => `${relative(folder, file)}: ${finding}`),
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function findingsInText(text: string, places: readonly string[]): string[] {
  return [
    ...[...places, `${homedir()}/`].filter((place) => text.includes(place)).map((place) => `names ${place}`),
    ...SECRETS.filter(([, pattern]) => pattern.test(text)).map(([what]) => `holds ${what}`),
  ];
}
