// Titles below the search box while somebody types.
const box = document.getElementById("kiwixsearchbox");
const list = document.getElementById("suggestions");
let asked = 0;

function close() {
  list.hidden = true;
  list.replaceChildren();
}

async function offer() {
  const term = box.value.trim();
  const number = ++asked;
  if (term.length < 2) return close();
  const query = new URLSearchParams({ content: box.dataset.book, term, limit: "8" });
  const response = await fetch(`/suggest?${query}`);
  const found = response.ok ? await response.json() : [];
  if (number !== asked || document.activeElement !== box) return;
  const links = found.filter((item) => item.kind === "path").map((item) => {
    const link = document.createElement("a");
    link.href = `/${box.dataset.book}/${item.path}`;
    link.textContent = item.value;
    return link;
  });
  list.replaceChildren(...links);
  list.hidden = links.length === 0;
}

box.addEventListener("input", offer);
box.addEventListener("keydown", (event) => event.key === "Escape" && close());
document.addEventListener("click", (event) => event.target.closest(".box") || close());
document.addEventListener("focusin", (event) => event.target.closest(".box") || close());
