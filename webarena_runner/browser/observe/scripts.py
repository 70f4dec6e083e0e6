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
