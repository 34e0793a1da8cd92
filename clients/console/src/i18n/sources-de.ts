/** Every file of messages in this language. */
export const sources: Readonly<Record<string, string>> = import.meta.glob<string>(
  ["../**/*.de.ftl", "../../../pages/src/**/*.de.ftl"],
  {
    eager: true,
    query: "?raw",
    import: "default",
  },
);
