/** Every file of messages in this language. */
export const sources: Readonly<Record<string, string>> = import.meta.glob<string>(
  ["../**/*.zh.ftl", "../../../pages/src/**/*.zh.ftl"],
  {
    eager: true,
    query: "?raw",
    import: "default",
  },
);
