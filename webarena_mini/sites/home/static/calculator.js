"use strict";

// The keys type into the field where its cursor is; without a script one types there oneself.
const field = document.getElementById("inputExpression");
const put = (text, from, to) => {
  field.setRangeText(text, from, to, "end");
  field.focus();
};
document.querySelector(".keys").addEventListener("click", (event) => {
  const { key, edit } = event.target.dataset;
  const [from, to] = [field.selectionStart, field.selectionEnd];
  if (key) put(key, from, to);
  else if (edit === "back") put("", from === to ? Math.max(0, from - 1) : from, to);
  else if (edit === "clear") put("", 0, field.value.length);
});
field.setSelectionRange(field.value.length, field.value.length);
