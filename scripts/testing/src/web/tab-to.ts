/** As much of a browser's page as somebody has who uses the keyboard alone. */
interface Keys {
  readonly keyboard: { press(key: string): Promise<void> };
}

/** Something on the page. */
interface Place {
  waitFor(): Promise<void>;
  evaluate<T>(inPage: (element: unknown) => T): Promise<T>;
}

/** More than a page of these has places to stop at. */
const MOST = 200;

/** Whether what is typed goes there. */
export function hasFocus(place: Pick<Place, "evaluate">): Promise<boolean> {
  // Read by the browser, which has a document.
  return place.evaluate((element) => element === (globalThis as { document?: Active }).document?.activeElement);
}

interface Active {
  readonly activeElement: unknown;
}

/** Goes there by the Tab key alone, from where the focus is. Throws when the key does not lead there. */
export async function tabTo(page: Keys, place: Place): Promise<void> {
  await place.waitFor();
  for (let presses = 0; presses < MOST; presses += 1) {
    if (await hasFocus(place)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("the Tab key does not lead there");
}
