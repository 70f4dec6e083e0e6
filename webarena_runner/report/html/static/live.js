"use strict";
// The server sends the whole state of the run, in texts, whenever there is a new one.
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const part = (element, name, text) => { const found = one(`[data-part="${name}"]`, element); if (found) found.textContent = text; };

  function fresh(template, item) {
    const element = one(template).content.firstElementChild.cloneNode(true);
    for (const [name, text] of Object.entries(item)) part(element, name, text);
    one("a", element).href = item.page;
    return element;
  }

  // An episode keeps its element, so that its picture is exchanged and does not flicker.
  const shown = new Map();

  function drawPlaying(items) {
    const list = one("#playing-list");
    one("#idle").hidden = items.length > 0;
    const names = new Set(items.map((item) => item.name));
    for (const [name, element] of shown) if (!names.has(name)) { element.remove(); shown.delete(name); }
    for (const item of items) {
      const element = shown.get(item.name) || fresh("#playing-item", item);
      if (!shown.has(item.name)) { shown.set(item.name, element); list.append(element); }
      for (const [name, text] of Object.entries(item)) part(element, name, text);
      one("a", element).href = item.page;
      const picture = one("img", element);
      picture.hidden = !item.picture;
      if (item.picture && picture.getAttribute("src") !== item.picture) picture.src = item.picture;
    }
  }

  function drawEnded(items) {
    one("#ended-list").replaceChildren(...items.map((item) => {
      const row = fresh("#ended-item", item);
      one(".outcome", row).classList.add(item.became.replace(" ", "-"));
      return row;
    }));
  }

  function drawShares(shares) {
    let at = 0;
    for (const [name, share] of Object.entries(shares)) {
      const rect = one(`[data-share="${name}"]`);
      rect.setAttribute("x", at);
      rect.setAttribute("width", 100 * share);
      at += 100 * share;
    }
  }

  function fault(text) {
    one("#fault").hidden = !text;
    one("#fault").textContent = text;
  }

  const source = new EventSource("events");
  source.addEventListener("message", (event) => {
    const state = JSON.parse(event.data);
    fault(state.fault || "");
    if (state.fault) return source.close();
    for (const [name, text] of Object.entries(state.fields)) {
      for (const element of document.querySelectorAll(`[data-field="${name}"]`)) element.textContent = text;
    }
    document.title = document.title.replace(/^[^:]*/, state.fields.status);
    drawShares(state.shares);
    drawPlaying(state.playing);
    drawEnded(state.ended);
    return undefined;
  });
  source.addEventListener("error", () => fault("The server does not answer. Start `wa-run view` again; this page goes on by itself."));
})();
