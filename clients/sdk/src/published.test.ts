// What is packed and installed elsewhere works there: resolves, type-checks, and stays small in a page.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tempFolder } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { beforeAll, expect, test } from "@jest/globals";

/** Of the browser entry with all that it imports. */
const BUDGET = 80_000;
const OURS = { sdk: "clients/sdk", proto: "proto", protocol: "core/protocol", "web-bridge": "core/web-bridge" };
const OTHERS = [
  "@bufbuild",
  "@grpc",
  "@noble",
  "@types",
  "ibantools",
  "nice-grpc-common",
  "nice-grpc-web",
  "undici-types",
];

const folder = tempFolder();
const inModules = (name: string): string => join(ROOT, "node_modules", name);

beforeAll(() => {
  execFileSync(inModules(".bin/tsc"), ["-b", "clients/sdk"], { cwd: ROOT });
  mkdirSync(join(folder, "node_modules/@countersign"), { recursive: true });
  for (const [name, path] of Object.entries(OURS)) {
    const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, join(ROOT, path)];
    const packed = execFileSync("npm", pack, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    const place = join(folder, "node_modules/@countersign", name);
    mkdirSync(place);
    execFileSync("tar", ["xzf", join(folder, packed.split("\n").at(-1) ?? ""), "-C", place, "--strip-components=1"]);
  }
  for (const name of OTHERS) symlinkSync(inModules(name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

const BOTH = `confirm, confirmOpen, CoreError, KeyError, openCore, openDaemon, outcomeOf, resume, Token, verifyReceipt`;
const TYPES = `ConfirmRequest, ConfirmGiven, Progress, Outcome, VerifiedReceipt, CoreConnection, DaemonConnection, KeyPlace, Pinned`;

test("Node finds what the contract names, without our sources", () => {
  const script = `import * as sdk from "@countersign/sdk"; import * as testing from "@countersign/sdk/testing";
    console.log(JSON.stringify([Object.keys(sdk), Object.keys(testing)]));`;
  writeFileSync(join(folder, "use.js"), script);
  const output = execFileSync(process.execPath, ["use.js"], { cwd: folder, encoding: "utf8" });
  const [sdk, testing] = JSON.parse(output) as [string[], string[]];
  expect(sdk).toEqual(expect.arrayContaining(BOTH.split(", ")));
  expect(testing).toEqual(expect.arrayContaining(["FakeCore", "startFakeDaemon"]));
});

test.each([[[]], [["source"]]])("types of both entries resolve, with conditions %j", (customConditions) => {
  const use = (entry: string, openDaemon: string): string => `
    import { ${BOTH}, type ${TYPES.replaceAll(", ", ", type ")} } from "@countersign/sdk${entry}";
    export async function all(request: ConfirmRequest, given: ConfirmGiven): Promise<Outcome> {
      const key: KeyPlace = given.daemon;
      for await (const event of confirm(request, { ...given, daemon: key })) if (event.type === "outcome") return event.outcome;
      throw new Error(String([confirmOpen, CoreError, KeyError, openCore, outcomeOf, resume, Token, verifyReceipt]));
    }
    export const daemon: DaemonConnection = ${openDaemon};
    export type Used = [Progress, VerifiedReceipt, CoreConnection, Pinned];`;
  writeFileSync(join(folder, "node.ts"), use("", 'openDaemon("/run/daemon.sock")'));
  const store = "{ pairing: { read: () => undefined, write: () => undefined } }";
  writeFileSync(join(folder, "page.ts"), use("/browser", `openDaemon(${store})`));
  const options = {
    ...{ strict: true, noEmit: true, module: "nodenext", target: "es2024", skipLibCheck: true, customConditions },
    ...{ lib: ["es2024", "dom", "esnext.disposable"], types: ["node"], allowImportingTsExtensions: true },
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, files: ["node.ts", "page.ts"] }),
  );
  execFileSync(inModules(".bin/tsc"), ["-p", folder], { cwd: folder, stdio: "pipe", encoding: "utf8" });
});

test.each([[[]], [["source"]]])(
  "a page that takes everything is within its budget, with conditions %j",
  (conditions) => {
    const code = bundled('import * as sdk from "@countersign/sdk/browser"; globalThis.sdk = sdk;', conditions);
    expect(code).toContain("countersign.device.v1");
    expect(code).not.toMatch(/["'`]node:|__vite-browser-external|@grpc\/grpc-js/);
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(BUDGET);
  },
);

test("a page that only verifies receipts carries neither transport nor messages", () => {
  const verify = 'import { verifyReceipt } from "@countersign/sdk/browser"; globalThis.verify = verifyReceipt;';
  const [all, one] = [
    bundled('import * as sdk from "@countersign/sdk/browser"; globalThis.sdk = sdk;'),
    bundled(verify),
  ];
  expect(one).not.toMatch(/countersign\.core\.v1|grpc-web/);
  expect(gzipSync(one).length).toBeLessThan(gzipSync(all).length * 0.6);
});

/** As a page would have it: bundled and minified. */
function bundled(entry: string, conditions: readonly string[] = []): string {
  writeFileSync(join(folder, "entry.js"), entry);
  const output = { entryFileNames: "out.js" };
  const config = {
    ...{ logLevel: "error", resolve: { conditions: [...conditions, "module", "browser", "default"] } },
    build: { outDir: "out", modulePreload: false, rollupOptions: { input: "entry.js", output } },
  };
  writeFileSync(join(folder, "vite.config.js"), `export default ${JSON.stringify(config)};`);
  execFileSync(process.execPath, [inModules("vite/bin/vite.js"), "build"], { cwd: folder, stdio: "pipe" });
  return readFileSync(join(folder, "out/out.js"), "utf8");
}
