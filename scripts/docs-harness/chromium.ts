import { existsSync } from "node:fs";

/** The browser that looks at pages. */
export const CHROMIUM: string = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
export const hasChromium: boolean = existsSync(CHROMIUM);
