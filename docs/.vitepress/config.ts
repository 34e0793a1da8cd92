// The documentation as a site: docs/, and the READMEs of what is beside it. Built by scripts/docs; nothing in a built page
// asks another host for anything.
import { defineConfig, type DefaultTheme, type UserConfig } from "vitepress";
import { keepBraces } from "./braces.ts";
import { sidebar } from "./contents.ts";
import { linkFromFileToFile } from "./links.ts";
import { pageOf } from "./pages.ts";
import { keepEmptyHeads } from "./tables.ts";

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: "Countersign",
  description: "Confirms transactions when the PC cannot be trusted",
  lang: "en",
  srcDir: "..",
  srcExclude: ["README.md", ".*/**", "**/.peers/**", "**/testdata/**", "scripts/**"],
  rewrites: pageOf,
  cacheDir: "../node_modules/.cache/vitepress",
  vite: { publicDir: "docs/public", logLevel: "warn" },
  markdown: {
    config: (md) => {
      linkFromFileToFile(md);
      keepBraces(md);
      keepEmptyHeads(md);
    },
    // Each of them keeps 4.5 : 1 on its ground, which the defaults do not.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  head: [["link", { rel: "icon", href: "/mark.svg", type: "image/svg+xml" }]],
  themeConfig: {
    logo: { src: "/mark.svg", alt: "" },
    search: { provider: "local" },
    nav: [
      { text: "Quickstart", link: "/start/quickstart" },
      { text: "Concepts", link: "/concepts/why" },
      { text: "API", link: "/reference/api/" },
      { text: "Operate", link: "/how-to/run-a-core" },
      { text: "Protocol", link: "/protocol/" },
    ],
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    externalLinkIcon: true,
    footer: { message: "Apache-2.0" },
  },
});

export default config;
