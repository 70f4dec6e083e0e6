"""What runs in pages for an observation in BrowserGym's form; each is a function that is called on a document."""

# Elements in the order of the document, those of a shadow root after their host.
_WALK = """
  function* walk(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* walk(element.shadowRoot);
    }
  }
"""

# Names that HTML knows or has known; elements of other names get no bid.
_TAGS = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blockquote body br button "
    "canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed "
    "fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe "
    "img input ins kbd label legend li link main map mark menu meta meter nav noframes noscript object ol optgroup "
    "option output p param picture pre progress q rp rt ruby s samp script search section select small source span "
    "strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u "
    "ul var video wbr"
)
TAGS = _TAGS.split()
MARKABLE = ["input", "textarea", "select", "button", "a", "iframe", "video", "li", "td", "option"]

# Gives each element a bid, which it keeps, says how much of it is in view, and whether it belongs to a set of marks.
# Values and check marks go into attributes, bids into ARIA attributes too, where the accessibility tree has them.
# Arguments: the bid of the document's frame, the tags that get one, the tags that can be marked.
MARK = (
    """async function (parent, tags, markable) {
"""
    + _WALK
    + """
  const page = this.defaultView, key = Symbol.for("bids"), known = new Set(tags), may = new Set(markable);
  const state = (page[key] ??= { elements: 0, frames: 0, isNew: true });
  const letters = (number) => {
    let name = "";
    for (let rest = number + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
      name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
    return name[0].toLowerCase() + name.slice(1);
  };
  const isFrame = (element) => /^i?frame$/i.test(element.tagName);
  const at = (x, y) => {
    let found = this.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const inside = found.shadowRoot.elementFromPoint(x, y);
      if (!inside || inside === found) return inside ?? null;
      found = inside;
    }
    return found;
  };
  const marks = "browsergym_set_of_marks", buttons = [];
  const isMarked = (element) => element.getAttribute(marks) === "1";
  const takesMark = (element) => {
    const box = element.getBoundingClientRect();
    const hit = at((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    if (!hit || !element.contains(hit)) return false;
    const acts = may.has(element.tagName.toLowerCase()) || element.onclick != null;
    if (!acts && page.getComputedStyle(element).cursor !== "pointer") return false;
    if ((box.right - box.left) * (box.bottom - box.top) < 20) return false;
    if (buttons.some((button) => button.contains(element))) return false;
    const above = element.parentElement;
    const onlyChild = above?.tagName.toLowerCase() === "span" && above.children.length === 1;
    return !(onlyChild && above.getAttribute("role") && isMarked(above));
  };
  const mark = (element) => {
    element.setAttribute(marks, "1");
    if (element.matches("button, a, input[type=button], div[role=button]")) buttons.push(element);
    for (let above = element.parentElement; above; above = above.parentElement)
      if (isMarked(above)) above.setAttribute(marks, "0");
  };

  const waiting = new Set(), taken = new Set();
  let done, frames = 0;
  const seen = new Promise((resolve) => (done = resolve));
  const watch = new IntersectionObserver((entries) => {
    for (const { target, intersectionRatio } of entries) {
      target.setAttribute("browsergym_visibility_ratio", Math.round(intersectionRatio * 100) / 100);
      waiting.delete(target);
    }
    if (!waiting.size) done();
  });
  for (const element of [...walk(this)]) {
    if (!known.has(element.tagName.toLowerCase())) continue;
    element.setAttribute("browsergym_visibility_ratio", 0);
    waiting.add(element);
    watch.observe(element);
    if (element.value !== undefined) element.setAttribute("value", element.value);
    if (element.checked === true) element.setAttribute("checked", "");
    else if (element.checked !== undefined) element.removeAttribute("checked");
    let bid = state.isNew ? null : element.getAttribute("bid");
    if (bid === null || taken.has(bid)) {
      bid = parent + (isFrame(element) ? letters(state.frames++) : state.elements++);
      element.setAttribute("bid", bid);
    }
    taken.add(bid);
    if (isFrame(element)) frames++;
    for (const name of ["aria-roledescription", "aria-description"])
      element.setAttribute(name, `browsergym_id_${bid} ${element.getAttribute(name) ?? ""}`);
    element.setAttribute(marks, "0");
    if (takesMark(element)) mark(element);
  }
  state.isNew = false;
  if (waiting.size) await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 1000))]);
  watch.disconnect();
  return frames;
}"""
)

# Takes the bids out of the ARIA attributes again.
UNMARK = (
    """function () {
"""
    + _WALK
    + """
  for (const element of walk(this))
    for (const name of ["aria-description", "aria-roledescription"]) {
      const value = element.getAttribute(name);
      if (value === null) continue;
      const own = value.replace(/^browsergym_id\\S*\\s/, "");
      if (own) element.setAttribute(name, own);
      else element.removeAttribute(name);
    }
}"""
)

FRAMES = (
    """function () {"""
    + _WALK
    + """return [...walk(this)].filter((element) => /^i?frame$/i.test(element.tagName));
}"""
)

# The element that has the focus, through shadow roots; in a frame it is the frame's element.
FOCUSED = """function () {
  let focused = this.activeElement;
  while (focused?.shadowRoot) focused = focused.shadowRoot.activeElement;
  return focused;
}"""
