import { defaultClientConditions, defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Relative, so that the pages work wherever they are put: the core has them under /console/.
  base: "./",
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: {
    target: "es2024",
    outDir: "dist/site",
    assetsInlineLimit: 0,
    // Whose code is inside, and under which terms.
    license: { fileName: "licenses.md" },
    // No page is loaded when it is first opened: after the core was replaced, its file would be gone from under a session.
    // The core's messages and what others wrote stay in a browser's cache while only pages change.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "messages", test: /\/proto\/gen\// },
            { name: "libraries", test: /\/node_modules\// },
          ],
        },
      },
    },
  },
});

export default config;
