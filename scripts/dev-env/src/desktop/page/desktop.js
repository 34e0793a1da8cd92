// The bank's book, as it grows, by long polling. Texts enter as text only.
const rows = document.getElementById("rows");
const news = document.getElementById("news");

function cell(text, name) {
  const made = document.createElement("td");
  made.textContent = text;
  if (name === "amount") made.className = "amount";
  if (name === "payee" || name === "about") made.dir = "auto";
  return made;
}

function show(booked) {
  const added = booked.slice(rows.children.length);
  for (const payment of added) {
    const row = document.createElement("tr");
    for (const name of ["amount", "payee", "account", "about"]) row.append(cell(payment[name], name));
    rows.append(row);
  }
  const last = added.at(-1);
  const many = booked.length === 1 ? "1 booked payment" : `${booked.length} booked payments`;
  if (last !== undefined) news.textContent = `${many}, the last: ${last.amount} to ${last.payee}.`;
}

async function follow() {
  for (;;) {
    try {
      const response = await fetch(`/ledger?after=${rows.children.length}`);
      if (!response.ok) throw new Error(String(response.status));
      show((await response.json()).booked);
    } catch {
      news.textContent = "scripts/dev does not answer. Is it still running?";
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}

void follow();
