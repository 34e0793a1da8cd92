// Dependencies point at the protocol: this table says which of our packages each package may depend on. Bots, daemon
// and clients reach the core over gRPC, never by import. docs/architecture.md draws it.
import { readFileSync } from "node:fs";

const PURE = ["@countersign/proto", "@countersign/protocol", "@countersign/key-protocol", "@countersign/web-bridge"];

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  "core/protocol": [],
  "core/web-bridge": [],
  "core/server": PURE,
  "device-daemon/key-protocol": ["@countersign/protocol"],
  "device-daemon/daemon": PURE,
  "device-daemon/emulator": PURE,
  "bots/kit": PURE,
  "bots/telegram": ["@countersign/bot-kit"],
  "bots/matrix": ["@countersign/bot-kit"],
  "bots/mail": ["@countersign/bot-kit"],
  "bots/sms": ["@countersign/bot-kit"],
  "bots/sandbox": ["@countersign/bot-kit"],
  "bots/admin": [...PURE, "@countersign/bot-kit", "@countersign/bot-matrix", "@countersign/bot-telegram"],
  "clients/sdk": PURE,
  "clients/payment-file": ["@countersign/protocol"],
  "clients/cli": [...PURE, "@countersign/sdk", "@countersign/payment-file"],
  "clients/pages": [...PURE, "@countersign/sdk"],
  "clients/console": [...PURE, "@countersign/sdk", "@countersign/pages"],
  "clients/web": [...PURE, "@countersign/sdk", "@countersign/pages", "@countersign/payment-file"],
  "examples/bank": [...PURE, "@countersign/sdk"],
  "examples/quickstart-typescript": ["@countersign/sdk", "@countersign/protocol"],
  "examples/sudo": [...PURE, "@countersign/sdk"],
  "scripts/testing": [],
  docs: [],
};

/** Only what boots every part on one machine sees all of them. */
const SEES_ALL = ["scripts/dev-env"];

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url), "utf8")) as Manifest;

const ours = (dependencies: Readonly<Record<string, string>> = {}): string[] =>
  Object.keys(dependencies).filter((name) => name.startsWith("@countersign/"));

const findings: string[] = [];
for (const folder of manifest(".").workspaces ?? []) {
  if (SEES_ALL.includes(folder)) continue;
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) {
    findings.push(`${folder} has no row in MAY_IMPORT of scripts/check-layers.ts: add one, as narrow as it can be`);
    continue;
  }
  const { name, dependencies, devDependencies } = manifest(folder);
  for (const extra of ours(dependencies).filter((dependency) => !allowed.includes(dependency))) {
    findings.push(`${name} may not depend on ${extra}: allowed are ${allowed.join(", ") || "none of ours"}`);
  }
  for (const extra of ours(devDependencies).filter((dependency) => dependency !== "@countersign/testing")) {
    findings.push(`${name} may not use ${extra} in its tests: scenarios over several parts belong in scripts/dev-env`);
  }
}
for (const finding of findings) console.error(finding);
process.exitCode = Math.min(findings.length, 1);
