"""JavaScript behind `settle`: which callbacks are pending in a page, and when its document stops changing."""

# Runs before a page's own scripts, in their world: only there can callbacks be watched. Proxies of the native
# functions look native, callbacks get what they would get, and the answer hides under a name that a page cannot guess.
#
# (horizon ms, names to leave out) => {
#   wait: ms until the last callback due within the horizon, awaited: their names,
#   skipped: names of those left out, channels: [worker, ms since it was started, asked, heard]
# }
# What the page sets while it handles the user's own event is never left out: the action asked for it.
TIMERS = """(() => {
  const secret = %s, now = performance.now.bind(performance), source = Function.prototype.toString;
  const timers = new Map(), frames = new Map(), idle = new Map(), workers = new Set();
  const handled = Object.getOwnPropertyDescriptor(window, 'event').get.bind(window);
  const fromUser = new Set(['change', 'submit', 'scroll', 'popstate', 'hashchange']);
  const askedFor = () => {
    const event = handled();
    return Boolean(event && event.isTrusted && (event instanceof UIEvent || fromUser.has(event.type)));
  };

  const watched = (start, pending, describe) => new Proxy(start, {apply(target, self, args) {
    const callback = args[0], entry = {...describe(args), callback, asked: askedFor(), seen: false};
    if (typeof callback === 'function') {
      entry.seen = true;
      args[0] = new Proxy(callback, {apply(inner, owner, given) {
        entry.asked = false;
        if (entry.repeats) entry.time = now() + entry.delay; else pending.delete(entry.id);
        return Reflect.apply(inner, owner, given);
      }});
    }
    entry.id = Reflect.apply(target, self, args);
    pending.set(entry.id, entry);
    return entry.id;
  }});
  const forgetting = (stop, pending) => new Proxy(stop, {apply(target, self, args) {
    pending.delete(Number(args[0]));
    return Reflect.apply(target, self, args);
  }});
  const timer = (repeats) => (args) => {
    const delay = Math.max(Number(args[1]) || 0, repeats ? 4 : 0);
    return {kind: `timer ${delay}`, time: now() + delay, delay, repeats};
  };
  const soon = (kind, delay) => () => ({kind, time: now() + delay, delay, repeats: false});
  window.setTimeout = watched(window.setTimeout, timers, timer(false));
  window.setInterval = watched(window.setInterval, timers, timer(true));
  window.clearTimeout = forgetting(window.clearTimeout, timers);
  window.clearInterval = forgetting(window.clearInterval, timers);
  window.requestAnimationFrame = watched(window.requestAnimationFrame, frames, soon('frame', 16));
  window.cancelAnimationFrame = forgetting(window.cancelAnimationFrame, frames);
  window.requestIdleCallback = watched(window.requestIdleCallback, idle, soon('idle', 0));
  window.cancelIdleCallback = forgetting(window.cancelIdleCallback, idle);

  let others = 0;
  const method = (owner, name, before, after) => {
    owner[name] = new Proxy(owner[name], {apply(target, self, args) {
      const entry = before(self, args), id = `other ${others++}`;
      if (entry) timers.set(id, entry);
      const result = Reflect.apply(target, self, args);
      if (after) after(result, () => { timers.delete(id); });
      return result;
    }});
  };
  // A body that has come may still have to be put together, in another process for blobs.
  for (const name of ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text']) {
    if (!Response.prototype[name]) continue;
    method(Response.prototype, name,
      (self) => ({kind: 'body', time: now(), callback: self.url.split('?')[0], asked: false, seen: true}),
      (read, done) => { Promise.prototype.then.call(read, done, done); });
  }
  // A smooth scroll tells of itself by its first event only.
  const scroll = (self, args) => {
    const how = Object(args[0]).behavior, smooth = 'smooth';
    if (how !== smooth && (how === 'instant' || !(self instanceof Element) ||
        getComputedStyle(self).scrollBehavior !== smooth)) return null;
    return {kind: 'scroll', time: now() + 100, callback: '', asked: true};
  };
  for (const name of ['scroll', 'scrollBy', 'scrollTo', 'scrollIntoView']) method(Element.prototype, name, scroll);
  for (const name of ['scroll', 'scrollBy', 'scrollTo']) method(window, name, scroll);
  if (window.scheduler) {
    method(Scheduler.prototype, 'postTask', (self, args) => {
      const delay = Number(args[1]?.delay) || 0;
      return {kind: `timer ${delay}`, time: now() + delay, callback: args[0], asked: askedFor()};
    });
  }

  if (window.Worker) {
    const Native = window.Worker, started = new WeakMap();
    const follow = (worker, url) => {
      const path = String(url).startsWith('blob:') ? 'blob' : String(url).slice(0, 80);
      const channel = {name: `worker ${path}`, opened: now(), asked: now(), heard: null};
      started.set(worker, channel);
      workers.add(channel);
      worker.addEventListener('message', () => { channel.heard = now(); });
      return worker;
    };
    const noting = (method, change) => new Proxy(method, {apply(target, self, args) {
      const channel = started.get(self);
      if (channel) change(channel);
      return Reflect.apply(target, self, args);
    }});
    window.Worker = new Proxy(Native, {construct(target, args, self) {
      return follow(Reflect.construct(target, args, self), args[0]);
    }});
    Native.prototype.constructor = window.Worker;
    Native.prototype.postMessage = noting(Native.prototype.postMessage, (channel) => { channel.asked = now(); });
    Native.prototype.terminate = noting(Native.prototype.terminate, (channel) => { workers.delete(channel); });
  }

  const nameOf = ({kind, callback}) =>
    `${kind} ${(typeof callback === 'function' ? source.call(callback) : String(callback)).slice(0, 80)}`;
  // A callback that is a text runs unseen: it has run when its time is over.
  const over = (entry, at) => {
    if (entry.seen) return false;
    while (entry.repeats && entry.time + 5 < at) entry.time += entry.delay;
    return entry.time + 5 < at;
  };
  const answer = (horizon, ignored) => {
    const at = now(), awaited = new Set(), skipped = new Set();
    const channels = [...workers].map(({name, opened, asked, heard}) =>
      [name, at - opened, at - asked, heard === null ? null : at - heard]);
    let wait = 0;
    // Frames of a page that nobody sees may never come.
    for (const pending of document.hidden ? [timers] : [timers, frames, idle]) {
      for (const [id, entry] of pending) {
        if (over(entry, at)) { pending.delete(id); continue; }
        if (entry.time - at > horizon) continue;
        const name = nameOf(entry);
        if (!entry.asked && ignored.includes(name)) { skipped.add(name); continue; }
        awaited.add(name);
        wait = Math.max(wait, entry.time - at + 5, 5);
      }
    }
    for (let index = 0; index < window.length; index++) {
      let inner;
      try { inner = window[index][secret](horizon, ignored); } catch { continue; }  // another origin's frame
      wait = Math.max(wait, inner.wait);
      for (const name of inner.awaited) awaited.add(name);
      for (const name of inner.skipped) skipped.add(name);
      channels.push(...inner.channels);
    }
    return {wait, awaited: [...awaited], skipped: [...skipped], channels};
  };
  Object.defineProperty(window, secret, {value: answer});
})()"""

PENDING = """(typeof window[%s] === 'function' ? window[%s](%s, %s)
  : {wait: 0, awaited: [], skipped: [], channels: []})"""

# Resolves to what still went on at the limit, to nothing when quiet. `hold` is how long to wait in any case.
STILL = """(({limit, hold, quiet, changes, animations}) => new Promise((resolve) => {
  const started = performance.now();
  let changed = 0;
  const note = () => { changed = performance.now(); };
  const observer = new MutationObserver(note);
  if (changes) {
    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    addEventListener('scroll', note, {capture: true, passive: true});
  }
  const endsInTime = (animation, rest) => {
    if (animation.playState !== 'running' || !animation.effect) return false;
    const {endTime} = animation.effect.getComputedTiming(), rate = Math.abs(animation.playbackRate) || 1;
    const left = animation.playbackRate < 0 ? animation.currentTime : endTime - (animation.currentTime || 0);
    return Number.isFinite(endTime) && left / rate <= rest;
  };
  const root = document.scrollingElement || document.documentElement;
  // A smooth scroll is no animation of the document's, and tells of itself by its first event only.
  if (root && changes && getComputedStyle(root).scrollBehavior === 'smooth') hold = Math.max(hold, 100);
  const look = () => {
    const now = performance.now(), rest = started + limit - now;
    const waits = {
      timer: started + hold - now,
      changes: changed ? changed + quiet - now : 0,
      animation: animations && document.getAnimations().some((one) => endsInTime(one, rest)) ? 16 : 0,
    };
    const reasons = Object.keys(waits).filter((name) => waits[name] > 0);
    if (!reasons.length || rest <= 0) {
      observer.disconnect();
      removeEventListener('scroll', note, {capture: true});
      resolve(reasons);
    } else {
      setTimeout(look, Math.min(Math.max(...Object.values(waits)), rest));
    }
  };
  // Two frames: work that a page puts off to the next one has then been done. A busy machine takes its time for them;
  // those of pages that nobody sees may never come.
  let begun = false;
  const begin = () => { if (!begun) { begun = true; look(); } };
  requestAnimationFrame(() => requestAnimationFrame(begin));
  setTimeout(begin, document.hidden ? 100 : Math.min(1000, limit));
}))(%s)"""
