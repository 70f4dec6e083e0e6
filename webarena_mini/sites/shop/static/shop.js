"use strict";

// A select that leads to another page: a choice from its list goes at once, a choice typed without opening the list
// waits for Enter or for leaving the field, because each typed letter may change it.
for (const select of document.querySelectorAll("select[data-navigate]")) {
  const start = select.value;
  let typing = false;
  const go = () => { if (select.value !== start) location.assign(select.value); };
  select.addEventListener("keydown", (event) => {
    typing = event.key !== "Enter";
    if (event.key === "Enter") go();
  });
  select.addEventListener("change", () => { if (!typing) go(); });
  select.addEventListener("blur", go);
}

for (const button of document.querySelectorAll("button[data-toggle]")) {
  const panel = document.getElementById(button.getAttribute("aria-controls"));
  const show = (open) => { panel.hidden = !open; button.setAttribute("aria-expanded", String(open)); };
  button.addEventListener("click", () => show(panel.hidden));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") show(false); });
  document.addEventListener("click", (event) => {
    if (!panel.contains(event.target) && !button.contains(event.target)) show(false);
  });
}

// Whoever unfolds a new address wants it to be used.
for (const details of document.querySelectorAll("details[data-chooses]")) {
  details.addEventListener("toggle", () => { if (details.open) details.querySelector("input[type=radio]").checked = true; });
}
