import { defaultClientConditions, defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: { target: "es2024", outDir: "dist/site", assetsInlineLimit: 0 },
});

export default config;
