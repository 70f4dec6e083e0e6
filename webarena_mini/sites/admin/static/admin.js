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

for (const all of document.querySelectorAll("[data-select-all]")) {
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll('input[name="selected"]')) box.checked = all.checked;
  });
}

for (const box of document.querySelectorAll("input.switch")) {
  box.addEventListener("change", () => { box.value = box.checked ? box.dataset.on : box.dataset.off; });
}

// The line of a closed picker says what is chosen in it.
for (const picker of document.querySelectorAll("[data-picker]")) {
  const summary = picker.querySelector("summary"), line = summary.querySelector("[data-role]");
  const title = summary.getAttribute("aria-label").split(":")[0];
  picker.addEventListener("change", () => {
    const chosen = [...picker.querySelectorAll("input:checked")].map((box) => box.dataset.text || box.parentElement.textContent.trim());
    line.textContent = chosen.join(", ");
    summary.setAttribute("aria-label", `${title}: ${chosen.join(", ") || "none"}`);
    if (picker.dataset.picker !== "many") picker.open = false;
  });
}
