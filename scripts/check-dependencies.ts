// Beside lockfile-lint, which passes an entry without integrity and knows no allow-list: every locked package has an
// integrity hash, every direct dependency is one we chose, exactly versioned, and none is below a version with a known
// hole.
import { readFileSync } from "node:fs";

/** Chosen one by one (docs/decisions); adding one is a reviewed change of this list. */
const CHOSEN: ReadonlySet<string> = new Set([
  ...["@axe-core/playwright", "@bufbuild/buf", "@jest/globals", "@types/node", "fast-check", "jest", "knip"],
  ...["lockfile-lint", "node", "oxlint", "oxlint-tsgolint", "playwright-core", "prettier", "ts-proto", "typescript"],
  ...["@bomb.sh/tab", "@bufbuild/protobuf", "@clack/prompts", "@fluent/bundle", "@gramio/types", "@grpc/grpc-js"],
  ...["@opentelemetry/api", "@opentelemetry/exporter-trace-otlp-http", "@opentelemetry/resources"],
  ...[
    "@opentelemetry/sdk-trace",
    "@grpc/reflection",
    "@noble/curves",
    "@noble/hashes",
    "cbor2",
    "commander",
    "grpc-health-check",
    "ibantools",
  ],
  ...[
    "@simplewebauthn/server",
    "nice-grpc-common",
    "nice-grpc-web",
    "node-hid",
    "pino",
    "prom-client",
    "redis",
    "saxes",
    "telegraf",
    "uqr",
    "valibot",
  ],
  ...[
    "matrix-js-sdk",
    "fake-indexeddb",
    "nodemailer",
    "@types/nodemailer",
    "smtp-server",
    "@types/smtp-server",
    "smpp",
  ],
  ...["@picocss/pico", "@preact/signals", "preact", "uplot", "vite"],
  ...["standardwebhooks", "vitepress", "vue"],
]);

/** First versions without a published crash or hole that reaches us. */
const FLOORS: Readonly<Record<string, string>> = { "@grpc/grpc-js": "1.14.4", node: "24.14.1" };

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

const below = (version: string, floor: string): boolean => {
  const [a, b] = [version, floor].map((text) => text.split(".").map(Number));
  const at = [0, 1, 2].find((index) => a?.[index] !== b?.[index]);
  return at !== undefined && (a?.[at] ?? 0) < (b?.[at] ?? 0);
};

const findings: string[] = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path.includes("node_modules/")) {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const floor = FLOORS[name];
    if (entry.link !== true && entry.integrity === undefined) findings.push(`${path} has no integrity hash`);
    if (floor !== undefined && below(entry.version ?? "0", floor)) findings.push(`${path} is below ${floor}`);
    continue;
  }
  for (const [name, version] of Object.entries({ ...entry.dependencies, ...entry.devDependencies })) {
    if (name.startsWith("@countersign/")) continue;
    if (!CHOSEN.has(name)) findings.push(`${path || "."} depends on ${name}, which nobody chose`);
    if (!/^\d+\.\d+\.\d+$/.test(version)) findings.push(`${path || "."} asks for ${name} ${version}: say one version`);
  }
}
for (const finding of findings) console.error(finding);
process.exitCode = Math.min(findings.length, 1);
