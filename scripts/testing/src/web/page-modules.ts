import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, join, normalize, relative } from "node:path";
import { ROOT } from "../child.ts";

// Modules of the workspace as a browser takes them, without a build: types are stripped, and of a CommonJS package each
// file becomes a module whose `require`s were resolved beforehand.

const rootRequire = createRequire(join(ROOT, "package.json"));

/** Names that a page may import. */
export const IMPORT_MAP: object = {
  imports: {
    "@bufbuild/protobuf/wire": "/file/node_modules/@bufbuild/protobuf/dist/esm/wire/index.js",
    "nice-grpc-web": "/package/nice-grpc-web",
  },
};

/** The JavaScript of a path below `/file/` (modules as they are) or `/package/`, `/cjs/` (CommonJS); undefined: none. */
export function moduleAt(path: string): string | undefined {
  const [, kind, rest = ""] = /^\/(file|package|cjs)\/(.+)$/.exec(normalize(path)) ?? [];
  if (kind === "file") return sourceOf(rest);
  if (kind === "package") return exportsOf(rest);
  return kind === "cjs" && rest.startsWith("node_modules/") ? commonJs(join(ROOT, rest)) : undefined;
}

function sourceOf(name: string): string | undefined {
  const file = join(ROOT, name);
  if (!existsSync(file) || !statSync(file).isFile()) return undefined;
  const text = readFileSync(file, "utf8");
  return file.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
}

/** Every name that a package exports when Node loads it. */
function exportsOf(name: string): string {
  const names = Object.keys(rootRequire(name) as object).filter((each) => each !== "default");
  return `import whole from "${urlOf(rootRequire.resolve(name))}";\nexport const { ${names.join(", ")} } = whole;\n`;
}

function commonJs(file: string): string {
  const text = readFileSync(file, "utf8");
  const names = [...new Set([...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = ""]) => name))];
  const imports = names.map((name, i) => `import m${i} from "${resolved(file, name)}";`);
  const table = names.map((name, i) => `${JSON.stringify(name)}: m${i}`);
  return [
    ...imports,
    `const require = (name) => ({ ${table.join(", ")} })[name];`,
    "const module = { exports: {} }, exports = module.exports;",
    `(function () {\n${text}\n})();`,
    "export default module.exports;",
  ].join("\n");
}

const NOTHING = "data:text/javascript,export default {}";

// What belongs to Node alone is empty in a browser.
function resolved(from: string, name: string): string {
  const require = createRequire(from);
  const file = name === "isomorphic-ws" ? name : require.resolve(name);
  return file.startsWith("/") ? urlOf(file) : NOTHING;
}

function urlOf(file: string): string {
  if (!dirname(file).startsWith(ROOT)) throw new Error(`${file} is no file of the workspace`);
  return `/cjs/${relative(ROOT, file)}`;
}
