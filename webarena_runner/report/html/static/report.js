"use strict";
// Works from file: without a server: one plain script, no modules, no requests.
(() => {
  const page = document.body.dataset.page;
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const kept = (name, value) => {
    // Browsers may refuse storage to files.
    try {
      if (value === undefined) return localStorage.getItem(name);
      localStorage.setItem(name, value);
    } catch { /* the page is as good without */ }
    return null;
  };

  // --- theme -------------------------------------------------------------------------------------------------------

  const theme = kept("webarena-runner.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const turnTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept("webarena-runner.theme", root.dataset.theme);
  };

  // --- keys --------------------------------------------------------------------------------------------------------

  const help = one("#help");
  const keys = { "?": () => (help.open ? help.close() : help.showModal()) };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const link = all(`a[data-key="${CSS.escape(event.key)}"]`).find((each) => each.getClientRects().length > 0);
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    } else if (link && !help.open) link.click();
  });
  for (const button of all("button[data-do]")) {
    button.hidden = false;
    button.addEventListener("click", () => ({ theme: turnTheme, help: keys["?"] })[button.dataset.do]());
  }

  // --- the task table ----------------------------------------------------------------------------------------------

  const NUMBERS = new Set(["id", "template", "steps", "wall", "tokens", "cost"]);

  function taskTable(form, table) {
    const body = one("tbody", table);
    const rows = all("tr", body).map((element) => ({
      element, data: element.dataset, text: element.textContent.toLowerCase(),
    }));
    const names = all("input, select", form).map((field) => field.name);
    const heads = all("th[data-sort]", table);
    let sort = "";
    let drawn = "";

    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      const name = head.dataset.sort;
      button.addEventListener("click", () => {
        sort = sort === name ? `-${name}` : sort === `-${name}` ? "" : name;
        keep();
      });
    }

    function compare(name, first, second) {
      const [a, b] = [first.data[name] ?? first.text, second.data[name] ?? second.text];
      if (!NUMBERS.has(name)) return a.localeCompare(b);
      // What has no figure comes last.
      return (a === "" ? Infinity : Number(a)) - (b === "" ? Infinity : Number(b)) || 0;
    }

    function holds(row, name, wanted) {
      if (!wanted) return true;
      if (name === "q") return wanted.toLowerCase().split(/\s+/).every((word) => row.text.includes(word));
      return name === "flags" ? row.data.flags.split("|").includes(wanted) : row.data[name] === wanted;
    }

    function draw() {
      const wanted = names.map((name) => [name, form.elements[name].value]);
      let count = 0;
      for (const row of rows) {
        row.element.hidden = !wanted.every(([name, value]) => holds(row, name, value));
        count += !row.element.hidden;
      }
      const name = sort.replace("-", "") || "id";
      if (sort !== drawn) {
        const ordered = [...rows].sort((a, b) => compare(name, a, b) * (sort.startsWith("-") ? -1 : 1));
        body.replaceChildren(...ordered.map((row) => row.element));
        drawn = sort;
      }
      for (const head of heads) {
        if (sort.replace("-", "") === head.dataset.sort) head.ariaSort = sort.startsWith("-") ? "descending" : "ascending";
        else head.removeAttribute("aria-sort");
      }
      one(".count", form).textContent = count === rows.length ? `${count} shown` : `${count} of ${rows.length} shown`;
    }

    function keep() {
      const state = new URLSearchParams();
      for (const name of names) if (form.elements[name].value) state.set(name, form.elements[name].value);
      if (sort) state.set("sort", sort);
      history.replaceState(null, "", `#${state}`);
      draw();
    }

    function take() {
      // An id of this page, which is no state of the table.
      if (location.hash && !location.hash.includes("=")) return;
      const state = new URLSearchParams(location.hash.slice(1));
      for (const name of names) form.elements[name].value = state.get(name) || "";
      sort = state.get("sort") || "";
      draw();
    }

    form.hidden = false;
    form.addEventListener("input", keep);
    form.addEventListener("submit", (event) => event.preventDefault());
    // The fields are reset after those who listen have heard of it.
    form.addEventListener("reset", () => { sort = ""; setTimeout(keep); });
    const goTo = () => {
      take();
      if (location.hash.includes("=")) one("#tasks").scrollIntoView();
    };
    addEventListener("hashchange", goTo);
    keys["/"] = () => one("input[type=search]", form).focus();
    keys.x = () => { form.reset(); keep(); };
    const links = () => all("tr:not([hidden]) th a", body);
    const move = (by) => {
      const shown = links();
      const at = shown.indexOf(document.activeElement);
      shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by))]?.focus();
    };
    keys.j = () => move(1);
    keys.k = () => move(-1);
    draw();
    goTo();
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  const isShown = (element) => element.getClientRects().length > 0;

  function stepKeys() {
    // Beside each other two trajectories have a row for a step of each.
    const unit = one(".steps-row") ? ".steps-row" : ".step";
    const steps = () => all(unit).filter(isShown);
    // Where a step is when it has been jumped to.
    const line = 80;
    // The one that was jumped to, as long as it is in sight: the last ones never come up to the line.
    const current = (shown) => {
      const named = shown.findIndex((step) => `#${step.id}` === location.hash);
      const box = named < 0 ? null : shown[named].getBoundingClientRect();
      if (box && box.bottom > line && box.top < innerHeight) return named;
      return shown.filter((step) => step.getBoundingClientRect().top <= line).length - 1;
    };
    const move = (by) => {
      const shown = steps();
      const step = shown[Math.max(0, Math.min(shown.length - 1, current(shown) + by))];
      if (!step) return;
      history.replaceState(null, "", `#${step.id}`);
      step.scrollIntoView();
      mark();
    };
    keys.j = () => move(1);
    keys.k = () => move(-1);
    keys.o = () => {
      const shown = steps();
      const step = shown[current(shown)];
      const folded = all("main details").filter(isShown);
      const open = folded.some((each) => !each.open);
      for (const each of folded) each.open = open;
      step?.scrollIntoView();
    };
    const entries = new Map(all(".rail a").map((link) => [link.hash.slice(1), link]));
    const mark = () => {
      const shown = steps();
      const link = entries.get(shown[current(shown)]?.id);
      for (const each of entries.values()) if (each !== link) each.removeAttribute("aria-current");
      if (!link || link.hasAttribute("aria-current")) return;
      link.setAttribute("aria-current", "step");
      const rail = link.closest(".rail");
      if (rail.scrollHeight > rail.clientHeight) rail.scrollTop = link.offsetTop - rail.clientHeight / 2;
    };
    addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
    mark();
  }

  // --- a report that is one file -----------------------------------------------------------------------------------

  function showOne() {
    const overview = one("#overview");
    const episodes = all("section.episode");
    const tableKeys = { ...keys };
    stepKeys();
    const episodeKeys = { ...keys };
    const show = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const shown = target?.closest("section.episode");
      overview.hidden = Boolean(shown);
      for (const episode of episodes) episode.hidden = episode !== shown;
      for (const name of Object.keys(keys)) delete keys[name];
      Object.assign(keys, shown ? episodeKeys : tableKeys);
      if (target) target.scrollIntoView();
      else scrollTo(0, 0);
    };
    addEventListener("hashchange", show);
    show();
  }

  const table = one("table.tasks");
  if (table) taskTable(one("form.filters"), table);
  if (page === "episode") stepKeys();
  if (page === "single") showOne();
})();
