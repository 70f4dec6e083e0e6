"""JavaScript behind `settle`: which timers are pending, and when a document stops changing."""

# Runs before a page's own scripts, in their world: only there can timers be watched. Proxies of the native
# functions look native, callbacks are passed on untouched, and the answer hides under a name that a page cannot guess.
# (horizon ms, names to ignore) => {wait: ms until the last timer due within the horizon, names: of those timers}
TIMERS = """(() => {
  const due = new Map(), now = performance.now.bind(performance);
  const watched = (start, repeats) => new Proxy(start, {apply(target, self, args) {
    const id = Reflect.apply(target, self, args), delay = Math.max(Number(args[1]) || 0, repeats ? 4 : 0);
    due.set(id, {time: now() + delay, delay, callback: args[0], repeats});
    return id;
  }});
  const forgetting = (stop) => new Proxy(stop, {apply(target, self, args) {
    due.delete(Number(args[0]));
    return Reflect.apply(target, self, args);
  }});
  window.setTimeout = watched(window.setTimeout, false);
  window.setInterval = watched(window.setInterval, true);
  window.clearTimeout = forgetting(window.clearTimeout);
  window.clearInterval = forgetting(window.clearInterval);
  const source = Function.prototype.toString;
  const nameOf = ({delay, callback}) => `timer ${delay} ` +
    (typeof callback === 'function' ? source.call(callback) : String(callback)).slice(0, 80);
  const answer = (horizon, ignored) => {
    const at = now(), names = new Set();
    let wait = 0;
    for (const [id, timer] of due) {
      while (timer.repeats && timer.time + 5 < at) timer.time += timer.delay;
      if (timer.time + 5 < at) { due.delete(id); continue; }
      if (timer.time - at > horizon || ignored.includes(nameOf(timer))) continue;
      names.add(nameOf(timer));
      wait = Math.max(wait, timer.time - at + 5);
    }
    return {wait, names: [...names]};
  };
  Object.defineProperty(window, %s, {value: answer});
})()"""

PENDING = "(typeof window[%s] === 'function' ? window[%s](%s, %s) : {wait: 0, names: []})"

# Resolves to "" when quiet, else to what still went on at the limit. `hold` is how long to wait in any case.
STILL = """(({limit, hold, quiet, changes, animations}) => new Promise((resolve) => {
  const started = performance.now();
  let changed = 0;
  const observer = new MutationObserver(() => { changed = performance.now(); });
  if (changes) {
    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  }
  const endsSoon = (animation) => {
    if (animation.playState !== 'running' || !animation.effect) return false;
    const {endTime} = animation.effect.getComputedTiming();
    return Number.isFinite(endTime) && endTime - (animation.currentTime || 0) <= limit;
  };
  const look = () => {
    const now = performance.now();
    const waits = {
      timer: started + hold - now,
      changes: changed ? changed + quiet - now : 0,
      animation: animations && document.getAnimations().some(endsSoon) ? 16 : 0,
    };
    const [reason, wait] = Object.entries(waits).reduce((most, entry) => entry[1] > most[1] ? entry : most, ['', 0]);
    const rest = started + limit - now;
    if (wait <= 0 || rest <= 0) {
      observer.disconnect();
      resolve(reason);
    } else {
      setTimeout(look, Math.min(wait, rest));
    }
  };
  // Two frames: work that a page puts off to the next one has then been done. Frames of hidden pages may never come.
  let begun = false;
  const begin = () => { if (!begun) { begun = true; look(); } };
  requestAnimationFrame(() => requestAnimationFrame(begin));
  setTimeout(begin, 100);
}))(%s)"""
