"use strict";

// A choice from the opened list of engines finds the new way at once; one typed without opening it waits for Enter.
const engine = document.querySelector("select.routing_engines");
if (engine) {
  const form = engine.form;
  const go = () => { if (form.route_from.value && form.route_to.value) form.requestSubmit(); };
  let typing = false;
  engine.addEventListener("keydown", (event) => {
    typing = event.key !== "Enter";
    if (event.key === "Enter") go();
  });
  engine.addEventListener("change", () => { if (!typing) go(); });
}

// Links written for other maps carry the view behind a hash.
const view = /^#map=([\d.]+\/-?[\d.]+\/-?[\d.]+)/.exec(location.hash);
if (view) {
  const page = new URL(location.href);
  page.searchParams.set("map", view[1]);
  page.hash = "";
  location.replace(page);
}

// The picture can be dragged, and a double click zooms in; the buttons do the same without a script.
const box = document.getElementById("map");
if (box) {
  const picture = box.querySelector("img");
  let [zoom, latitude, longitude] = box.dataset.view.split("/").map(Number);
  let grip = null;

  const toY = (degrees) => Math.log(Math.tan(Math.PI / 4 + degrees * Math.PI / 360));
  const toLatitude = (y) => (2 * Math.atan(Math.exp(y)) - Math.PI / 2) * 180 / Math.PI;
  const pixels = () => 256 * 2 ** zoom;

  const moveBy = (right, down) => {
    // On large screens the picture of 960 by 680 is stretched.
    const scale = pixels() * Math.max(picture.offsetWidth / 960, picture.offsetHeight / 680);
    longitude += right / scale * 360;
    latitude = toLatitude(toY(latitude) - down / scale * 2 * Math.PI);
  };
  const show = () => {
    const view = `${zoom}/${latitude.toFixed(5)}/${longitude.toFixed(5)}`;
    const page = new URL(location.href);
    page.searchParams.set("map", view);
    location.replace(page);
  };

  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    grip = { x: event.clientX, y: event.clientY };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (!grip) return;
    box.classList.add("dragging");
    picture.style.translate = `${event.clientX - grip.x}px ${event.clientY - grip.y}px`;
  });
  box.addEventListener("pointerup", (event) => {
    if (!grip) return;
    const [right, down] = [grip.x - event.clientX, grip.y - event.clientY];
    grip = null;
    box.classList.remove("dragging");
    if (Math.hypot(right, down) < 4) { picture.style.translate = ""; return; }
    moveBy(right, down);
    show();
  });
  box.addEventListener("dblclick", (event) => {
    const frame = box.getBoundingClientRect();
    moveBy(event.clientX - frame.left - frame.width / 2, event.clientY - frame.top - frame.height / 2);
    zoom = Math.min(18, zoom + 1);
    show();
  });
}
