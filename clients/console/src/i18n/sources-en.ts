/** Every file of messages in this language. */
export const sources: Readonly<Record<string, string>> = import.meta.glob<string>(
  ["../**/*.en.ftl", "../../../pages/src/**/*.en.ftl"],
  {
    eager: true,
    query: "?raw",
    import: "default",
  },
);
