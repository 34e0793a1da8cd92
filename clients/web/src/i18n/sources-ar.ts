/** Every file of messages in this language. */
export const sources: Readonly<Record<string, string>> = import.meta.glob<string>(
  ["../**/*.ar.ftl", "../../../pages/src/**/*.ar.ftl"],
  {
    eager: true,
    query: "?raw",
    import: "default",
  },
);
