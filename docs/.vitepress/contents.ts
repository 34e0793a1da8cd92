// The side bar: every page once, by who reads it. A page's name is its first heading.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { pageOf, TOP } from "./pages.ts";

/** A heading of the side bar and its pages, as paths of files from the repository's top. */
export interface Section {
  readonly text: string;
  readonly files: readonly string[];
  /** The folder of the site whose pages alone have this section at their side. */
  readonly only?: string;
}

const howTo = (...names: readonly string[]): string[] => names.map((name) => `docs/how-to/${name}.md`);
const packages = (...names: readonly string[]): string[] => names.map((name) => `${name}/README.md`);

const BY_HAND: readonly Section[] = [
  {
    text: "Start",
    files: [
      "docs/start/quickstart.md",
      ...howTo("try-the-attacks", "install"),
      ...["why", "modes", "attacks", "trust"].map((name) => `docs/concepts/${name}.md`),
    ],
  },
  {
    text: "Use",
    files: [
      ...howTo(
        "pay-from-files",
        "payment-files",
        "receipts",
        "web-client",
        "run-a-command",
        "sudo-and-ssh",
        "use-a-security-key",
      ),
      ...howTo("four-eyes", "exit-codes"),
      ...packages("clients/cli", "examples/sudo", "examples/deploy"),
    ],
  },
  {
    text: "Integrate",
    files: [
      ...howTo(
        "integrate",
        "webhooks",
        "pipelines",
        "deploy-by-git",
        "use-with-terraform",
        "use-with-vault",
        "kubernetes-gate",
        "github-protection-rules",
        "use-a-key-from-a-web-page",
        "run-your-own",
      ),
      ...packages("clients/sdk", "examples/quickstart-typescript", "examples/quickstart-python"),
      ...packages("examples/quickstart-go", "examples/quickstart-shell", "examples/bank", "examples/verify-receipt"),
    ],
  },
  {
    text: "Set up and operate",
    files: [
      ...howTo("run-a-core", "run-the-installation", "choose-channels", "telegram-bot", "matrix-bot", "mail-bot"),
      ...howTo("sms-bot", "admin-bot", "use-the-console", "when-no-code-comes", "check-the-audit"),
      "docs/operations.md",
      ...howTo("upgrade", "survive-overload"),
      "docs/performance.md",
    ],
  },
  {
    text: "How it works",
    files: ["docs/architecture.md", "docs/threats.md", "SECURITY.md", "docs/patent-map.md", "CONTRIBUTING.md"],
  },
  {
    text: "Prove it",
    files: [...howTo("prove-it-survives", "run-the-simulator", "test-with-a-kernel-device")],
  },
];

const named = new Set(BY_HAND.flatMap(({ files }) => files));
const otherReadmes = ["bots", "clients", "core", "device-daemon", "examples", "proto"]
  .flatMap(readmes)
  .filter((file) => !named.has(file));

const SECTIONS: readonly Section[] = [
  ...BY_HAND,
  { text: "Packages", files: otherReadmes },
  { text: "API reference", files: folder("docs/reference/api"), only: "/reference/" },
  { text: "Protocol", files: folder("docs/protocol"), only: "/protocol/" },
  { text: "Decisions", files: folder("docs/decisions"), only: "/decisions/" },
];

/** The sections of the side bar. Throws where one lists a page that does not exist, or that is listed before. */
export function contents(sections: readonly Section[] = SECTIONS): readonly Section[] {
  const before = new Map<string, string>();
  for (const { text, files } of sections) {
    for (const file of files) {
      const where = `docs/.vitepress/contents.ts lists ${file} under ${text}`;
      if (!existsSync(`${TOP}${file}`))
        throw new Error(`${where}, but there is none. Write it, or take it off the list`);
      const other = before.get(file);
      if (other !== undefined) throw new Error(`${where}, and under ${other} too. Take it off one of the two`);
      before.set(file, text);
    }
  }
  return sections;
}

interface Group {
  readonly text: string;
  readonly items: { readonly text: string; readonly link: string }[];
}

/** The side bars in VitePress' words, by folder of the site: the long lists stand beside their own pages alone. */
export function sidebar(): Record<string, Group[]> {
  const all = contents();
  const own = all.filter(({ only }) => only !== undefined);
  const bars = own.map((section): [string, Group[]] => [section.only ?? "/", [groupOf(section)]]);
  const shown = all.filter(({ only, files }) => only === undefined && files.length > 0).map(groupOf);
  const look = own.map(({ text, only = "/", files }) => ({
    text,
    link: only === "/reference/" ? linkOf(files[0] ?? "") : only,
  }));
  return { ...Object.fromEntries(bars), "/": [...shown, { text: "Look up", items: look }] };
}

function groupOf({ text, files }: Section): Group {
  return { text, items: files.map((file) => ({ text: titleOf(file), link: linkOf(file) })) };
}

/** Where a page is on the site, as links write it. */
const linkOf = (file: string): string => `/${pageOf(file).replace(/(index)?\.md$/, "")}`;

/** A page's first heading, without marks. Throws where there is none. */
export function titleOf(file: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(`${TOP}${file}`, "utf8")) ?? [];
  if (title === undefined) throw new Error(`${file} has no heading: begin it with # and its name`);
  return title.replaceAll("`", "");
}

function rank(name: string): number {
  return ["README.md", "index.md"].includes(name) ? 0 : 1;
}

/** Every page of a folder, its README or index first. */
function folder(path: string): string[] {
  if (!existsSync(`${TOP}${path}`)) return [];
  return readdirSync(`${TOP}${path}`)
    .filter((name) => name.endsWith(".md"))
    .toSorted((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1))
    .map((name) => `${path}/${name}`);
}

/** The READMEs of a folder and of the packages in it. */
function readmes(path: string): string[] {
  const folders = readdirSync(`${TOP}${path}`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = [`${path}/README.md`, ...folders.map(({ name }) => `${path}/${name}/README.md`)];
  return files.filter((file) => existsSync(`${TOP}${file}`)).toSorted();
}
