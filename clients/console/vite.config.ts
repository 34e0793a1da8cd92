import { defaultClientConditions, defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Relative, so that the pages work wherever they are put: the core has them under /console/.
  base: "./",
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: { target: "es2024", outDir: "dist/site", assetsInlineLimit: 0 },
});

export default config;
