/** Not every browser has begun to read when the click returns. */
const READ_BY_THEN_MS = 60_000;

/** Hands a text to the browser as a file to be saved. The browser writes it with the user's own permissions (umask). */
export function saveFile(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), READ_BY_THEN_MS);
}
