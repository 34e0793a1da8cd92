import type { Booked } from "./ledger-view.ts";

/** What the page leads to. */
export interface Places {
  readonly key: string;
  readonly phone: string;
  readonly core: string;
  readonly admin: string;
  readonly config: string;
  readonly ledger: string;
}

/** The page as it is now. It can be read without scripts; with them the book grows by itself. */
export function desktopPage(places: Places, booked: readonly Booked[]): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Countersign dev</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/desktop.css" />
    <script src="/desktop.js" type="module"></script>
  </head>
  <body>
    <main>
      <h1>Countersign dev</h1>
      <p class="banner">Not for production: the key is emulated, the phone is a page, and both are on this machine.</p>
      <nav aria-label="Your devices">
        <a class="device" href="/key" target="_blank" rel="noopener">
          <strong>Your key</strong>
          <span>Read what it shows. PIN and code are typed here. Opens in a new tab.</span>
        </a>
        <a class="device" href="/phone" target="_blank" rel="noopener">
          <strong>Your phone</strong>
          <span>Brings the code, and has the last word on how it ended. Opens in a new tab.</span>
        </a>
      </nav>
      <section aria-labelledby="try">
        <h2 id="try">Try</h2>
        <p>In the folder of the clone:</p>
        ${commands(places).map(command).join("\n        ")}
      </section>
      <section aria-labelledby="book">
        <h2 id="book">The bank's book</h2>
        <p id="news" role="status">${bookSays(booked.length)}</p>
        <div class="wide" role="region" aria-labelledby="book" tabindex="0">
          <table>
            <thead>
              <tr><th scope="col">Amount</th><th scope="col">To</th><th scope="col">Account</th><th scope="col">Reference</th></tr>
            </thead>
            <tbody id="rows">${booked.map(row).join("")}</tbody>
          </table>
        </div>
      </section>
      <p class="foot"><a href="${escaped(places.admin)}">The administrators’ console</a> · Core (gRPC) <code>${escaped(places.core)}</code> · settings <code>${escaped(places.config)}</code></p>
    </main>
  </body>
</html>
`;
}

const commands = ({ config }: Places): string[] => [
  `export COUNTERSIGN_CONFIG=${config}`,
  "scripts/countersign pay examples/bank/samples/invoice.xml",
  "scripts/countersign confirm deploy --field target=shop --field version=1.4.2 --payload README.md --until confirmed",
  "scripts/countersign doctor",
];

const command = (text: string): string =>
  `<pre tabindex="0" role="region" aria-label="Command"><code>${escaped(text)}</code></pre>`;

const row = ({ amount, payee, account, about }: Booked): string =>
  `<tr><td class="amount">${escaped(amount)}</td><td dir="auto">${escaped(payee)}</td>` +
  `<td>${escaped(account)}</td><td dir="auto">${escaped(about)}</td></tr>`;

const bookSays = (payments: number): string =>
  payments === 0 ? "Nothing is booked yet." : `${payments} booked ${payments === 1 ? "payment" : "payments"}.`;

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${String(character.codePointAt(0))};`);
