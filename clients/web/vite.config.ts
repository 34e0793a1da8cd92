import { defaultClientConditions, defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Relative, so that the page works wherever its host puts it.
  base: "./",
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: {
    target: "es2024",
    outDir: "dist/site",
    assetsInlineLimit: 0,
    // What others wrote stays in a browser's cache while only the page changes.
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
