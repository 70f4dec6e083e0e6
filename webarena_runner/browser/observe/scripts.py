"""JavaScript that reads a page; it runs in an isolated world, where the page's own code cannot have changed it."""

# Rectangles as the official code asks for them: getBoundingClientRect, and for a text node that of a range around it.
# Prototype getters, since a form's fields can shadow its properties (<input name="childNodes">).
RECTANGLES = """
const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const nodeType = getter(Node.prototype, 'nodeType');
const childNodes = getter(Node.prototype, 'childNodes');
const shadowRoot = getter(Element.prototype, 'shadowRoot');
const elementRectangle = Element.prototype.getBoundingClientRect;
const range = new Range();
const rectangleOf = (node, type) => {
  if (type === 1) return elementRectangle.call(node);
  if (type !== 3) return null;
  range.selectNode(node);
  return range.getBoundingClientRect();
};
"""

# Walks the flat tree (shadow trees in place of their hosts' children, slotted nodes under their slots) in the order of
# DOMSnapshot. `kinds` has one character a node, and `counts` its number of children, to check that the two saw the same
# tree; `rectangles` is flat: index, x, y, width, height.
# Rectangles that can play no part are left out: those that are all zero, and those outside the screen if `screenOnly`.
WALK = (
    "((screenOnly) => {"
    + RECTANGLES
    + """
const childrenOf = (node) => {
  const shadow = node instanceof Element ? shadowRoot.call(node) : null;
  if (shadow) return childNodes.call(shadow);
  if (node instanceof HTMLSlotElement) {
    const assigned = node.assignedNodes();
    if (assigned.length) return assigned;
  }
  return childNodes.call(node);
};
const width = screen.width, height = screen.height;
const nodeName = getter(Node.prototype, 'nodeName');
const rectangles = [], counts = [];
let kinds = '', index = 0;
const stack = [document];
while (stack.length) {
  const node = stack.pop();
  const type = nodeType.call(node);
  kinds += String.fromCharCode(type === 1 ? 64 + Math.min(nodeName.call(node).length, 60) : 48 + type);
  const box = rectangleOf(node, type);
  if (box) {
    const part = screenOnly
      ? box.width && box.height && box.x < width && box.y < height && box.x + box.width > 0 && box.y + box.height > 0
      : box.width || box.height || box.x || box.y;
    if (part) rectangles.push(index, box.x, box.y, box.width, box.height);
  }
  index += 1;
  const children = type === 1 || type === 9 ? childrenOf(node) : [];
  counts.push(children.length);
  for (let at = children.length - 1; at >= 0; at -= 1) stack.push(children[at]);
}
return JSON.stringify({kinds, counts, rectangles, width, height, title: String(document.title)});
})(%s)"""
)

# For nodes given as arguments; null where the official code gets an error.
RECTANGLES_OF = (
    "(...nodes) => {"
    + RECTANGLES
    + """
return JSON.stringify(nodes.map((node) => {
  try {
    const box = rectangleOf(node, nodeType.call(node));
    return box && [box.x, box.y, box.width, box.height];
  } catch (error) {
    return null;
  }
}));
}"""
)

# What VisualWebArena numbers, and what it lists as text: elements that such a selector names, in document order.
_CAN_ACT = """
a[href]:not(:has(img)), a[href] img, a[href="/notifications"], a[href="/submit"], button, input:not([type="hidden"]),
input[type="checkbox"], textarea, select, [tabindex]:not([tabindex="-1"]), [contenteditable="true"], [role="button"],
[role="link"], [role="checkbox"], [role="menuitem"], [role="tab"], [draggable="true"], .btn, .fa.fa-star.is-rating-item
""".strip()
_TEXT = "p, span, div:not(:has(*)), h1, h2, h3, h4, h5, h6, li, article"
# Words that the official reader of its own table takes for an absent value.
_ABSENT = """
#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null
""".strip()

# Rows as `som.Element`; only of elements in view, and of their texts as much as can be listed. Texts are stripped of
# what Python counts as white space.
ELEMENTS = (
    "(() => {"
    f"const CAN_ACT = `{_CAN_ACT}`, TEXT = `{_TEXT}`, ABSENT = new Set(`{_ABSENT}`.split('|'));"
    + r"""
const WHITE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const atStart = new RegExp(`^${WHITE}+`), white = new RegExp(WHITE), number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const LONGEST = 400;
const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const textContent = getter(Node.prototype, 'textContent');
const rectangle = Element.prototype.getBoundingClientRect, attribute = Element.prototype.getAttribute;
const matches = Element.prototype.matches;
const said = (text) => (ABSENT.has(text) ? '' : text);
const shortened = (text) => {
  text = text.replace(/[\n\t]+/g, '').replace(atStart, '');
  let end = text.length;
  while (end && white.test(text[end - 1])) end -= 1;
  return text.slice(0, Math.min(end, LONGEST));
};
const found = document.querySelectorAll(`${CAN_ACT}, :not(${CAN_ACT}, style) > :is(${TEXT})`);
const left = scrollX, top = scrollY, width = screen.width, height = screen.height;
const rows = [];
let texts = true, alts = true, anyText = false, anyAlt = false;
for (const element of found) {
  const box = rectangle.call(element);
  if (box.width === 0 || box.height === 0) continue;
  const x = box.left + left - left, y = box.top + top - top;
  const right = box.right + left - left, bottom = box.bottom + top - top;
  const isShown = bottom >= 0 && y <= height && right >= 0 && x <= width;
  const text = isShown || texts ? said(textContent.call(element).replaceAll('"', '')) : '';
  const alt = said((attribute.call(element, 'alt') || '').replaceAll('"', ''));
  if (text) { anyText = true; texts = texts && number.test(text.trim()); }
  if (alt) { anyAlt = true; alts = alts && number.test(alt.trim()); }
  if (!isShown) continue;
  rows.push([
    element.tagName, matches.call(element, CAN_ACT), x, y, right, bottom, box.width, box.height, shortened(text), alt,
  ]);
}
const quoted = document.querySelector(`[class*='"'], [id*='"']`) !== null
  && [...found].some((element) => `${element.className}${element.id}`.includes('"'));
const described = rows.some((row) => row[0] === 'IMG' && row[9]);
const onlyNumbers = rows.length > 0 && ((anyText && texts) || (anyAlt && alts && described));
return JSON.stringify({rows, width, height, title: String(document.title), onlyNumbers, quoted});
})()"""
)
