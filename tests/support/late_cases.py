"""Seeded pages that change after an action: what happens, when, and in which way differ from case to case.

Every change comes clearly before 1.8 s after the action, or clearly after 2.5 s, so that official's 2 s decides alike
whenever it is run. For that reason none waits for requestIdleCallback: after a click that changes nothing, Chromium may
hold such a callback back for as long as no frame is drawn.
"""

import json
from collections.abc import Callable

from tests.support.late_pages import Case, Dice, Plot, make_page


def timer(dice: Dice) -> Plot:
    start = dice.one_of("setTimeout(() => {{ {0} }}, {1})", "setTimeout(`{0}`, {1})", "setTimeout(change, {1})")
    first, second = (start.format(dice.change(), dice.moment()) for _ in range(2))
    return Plot(
        f"{first}; {second}" if dice.random.random() < 0.4 else first, f"function change() {{ {dice.change()} }}"
    )


def timer_chain(dice: Dice) -> Plot:
    delays = dice.parts(dice.ms(2, 6), 1600)
    if dice.random.random() < 0.5:
        step = f"if (n) setTimeout(() => next(n - 1), {sum(delays) // len(delays)}); else {{ {dice.change()} }}"
        return Plot(f"next({len(delays)})", f"function next(n) {{ {step} }}")
    inner = dice.change()
    for delay in delays:
        inner = f"setTimeout(() => {{ {dice.one_of(inner, f'out.append(1); {inner}')} }}, {delay})"
    return Plot(inner)


def interval(dice: Dice) -> Plot:
    every, times = dice.ms(40, 250), dice.ms(2, 6)
    shown = dice.one_of("out.append('.')", "")
    ticks = f"if (++n === {times}) {{ clearInterval(id); {dice.change()} }} else {{ {shown} }}"
    return Plot(f"let n = 0; const id = setInterval(() => {{ {ticks} }}, {every})")


def fetch_chain(dice: Dice) -> Plot:
    delays = [dice.ms(20, 400) for _ in range(dice.ms(2, 4))]
    inner = dice.change()
    for delay in delays:
        inner = dice.one_of(
            f"get({delay}).then(() => {{ {inner} }})",
            f"{{ const x = new XMLHttpRequest(); x.onload = () => {{ {inner} }}; x.open('GET', '/after/{delay}'); "
            "x.send() }",
            f"fetch('/after/{delay}', {{method: 'POST', body: '1'}}).then((r) => r.blob()).then(() => {{ {inner} }})",
        )
    return Plot(inner)


def fetch_and_timer(dice: Dice) -> Plot:
    fetched, later = dice.ms(20, 400), dice.ms(0, 1200)
    return Plot(
        dice.one_of(
            f"get({fetched}).then(() => setTimeout(() => {{ {dice.change()} }}, {later}))",
            f"setTimeout(() => get({fetched}).then(() => {{ {dice.change()} }}), {later})",
            f"Promise.all([get({fetched}), sleep({later})]).then(() => {{ {dice.change()} }})",
        )
    )


def slow_fetch(dice: Dice) -> Plot:
    """One answer, which may come too late for official."""
    return Plot(f"out.textContent = 'Loading'; get({dice.moment()}).then(() => {{ {dice.change()} }})")


def debounce(dice: Dice) -> Plot:
    pause, fetched = dice.ms(150, 600), dice.ms(20, 400)
    found = f"get({fetched}).then(() => {{ {dice.change()} }})"
    script = dice.one_of(
        f"let id; query.oninput = () => {{ clearTimeout(id); id = setTimeout(() => {found}, {pause}) }};",
        # As the libraries do it: one timer, which looks again when there was another key meanwhile.
        f"let last, id; const look = () => {{ const rest = {pause} - (Date.now() - last); "
        f"id = rest > 0 ? setTimeout(look, rest) : void ({found}) }}; "
        f"query.oninput = () => {{ last = Date.now(); id ??= setTimeout(look, {pause}) }};",
        f"let n = 0; query.onkeyup = async () => {{ const mine = ++n; await sleep({pause}); "
        f"if (mine === n) {found} }};",
    )
    return Plot(script=script, action="type")


def transition(dice: Dice) -> Plot:
    spent, wait = dice.ms(100, 1200), dice.one_of("0", "150", "300")
    name, end = dice.random.choice(
        [("opacity", "0.2"), ("height", "500px"), ("margin-top", "300px"), ("left", "1400px")]
    )
    style = (
        f"#box {{ position: relative; height: 20px; left: 0; margin-top: 0; transition: {name} {spent}ms {wait}ms }}"
    )
    handler = f"box.addEventListener('transitionend', () => {{ {dice.change()} }});" if name == "opacity" else ""
    return Plot(f"box.style.{'marginTop' if name == 'margin-top' else name} = '{end}'", handler, style=style)


def animation(dice: Dice) -> Plot:
    spent, times = dice.ms(100, 500), dice.ms(1, 3)
    if dice.random.random() < 0.5:
        style = (
            "@keyframes come { from { transform: translateX(-2000px) } to { transform: none } }"
            f"#late.in {{ animation: come {spent}ms {times} }}"
        )
        handler = f"late.onanimationend = () => {{ {dice.change()} }};" if dice.random.random() < 0.5 else ""
        return Plot("late.hidden = false; late.className = 'in'", handler, style=style)
    moved = f"box.animate({{opacity: [0, 1]}}, {{duration: {spent}, iterations: {times}}})"
    return Plot(f"{moved}.finished.then(() => {{ {dice.change()} }})")


def route(dice: Dice) -> Plot:
    """A single-page application: another address, then its code, then its data, then its page."""
    code, data = dice.ms(20, 400), dice.parts(dice.ms(1, 3), 800)
    fetched = " ".join(f"await get({delay});" for delay in data)
    view = (
        f"async function view() {{ {fetched} document.getElementById('root').innerHTML = '<h2>Orders</h2><p>3 found' }}"
    )
    lazy = json.dumps(f"/after/{code}?type=text/javascript&say=")
    script = f"""const source = {lazy} + encodeURIComponent({json.dumps(view)});
      const show = () => {{ const chunk = document.createElement('script'); chunk.src = source;
        chunk.onload = () => view(); document.head.append(chunk) }};
      addEventListener('popstate', show);"""
    moved = dice.one_of(
        "history.pushState({}, '', '?orders'); show()",
        "document.getElementById('root').innerHTML = '<p role=status>Loading'; "
        "history.replaceState({}, '', '#orders'); queueMicrotask(show)",
    )
    return Plot(moved, script, "<div id=root></div>")


def frames(dice: Dice) -> Plot:
    if dice.random.random() < 0.5:
        step = f"if (performance.now() - begun < {dice.ms(100, 1500)}) requestAnimationFrame(step); "
    else:
        step = f"if (++n < {dice.ms(3, 60)}) requestAnimationFrame(step); "
    step += f"else {{ {dice.change()} }}"
    return Plot(
        "begun = performance.now(); n = 0; requestAnimationFrame(step)", f"let begun, n; function step() {{ {step} }}"
    )


def cascade(dice: Dice) -> Plot:
    """Microtasks, observers and messages, each of which starts the next."""
    inner = dice.change()
    for _ in range(dice.ms(2, 6)):
        inner = dice.one_of(
            f"queueMicrotask(() => {{ {inner} }})",
            f"Promise.resolve().then(() => {{ {inner} }})",
            f"{{ const c = new MessageChannel(); c.port1.onmessage = () => {{ {inner} }}; c.port2.postMessage(1) }}",
            f"{{ const seen = new MutationObserver(() => {{ seen.disconnect(); {inner} }}); "
            "seen.observe(go, {attributes: true}); go.dataset.n = Math.random() }",
            f"setTimeout(() => {{ {inner} }})",
            f"requestAnimationFrame(() => {{ {inner} }})",
            f"{{ addEventListener('message', () => {{ {inner} }}, {{once: true}}); postMessage(1) }}",
        )
    return Plot(inner)


def promises(dice: Dice) -> Plot:
    delays = dice.parts(3, 1500)
    return Plot(
        dice.one_of(
            f"(async () => {{ for (const ms of {delays}) await sleep(ms); {dice.change()} }})()",
            f"Promise.race([sleep({delays[0]}), sleep(9000)]).then(() => sleep({delays[1]})).then(() => "
            f"{{ {dice.change()} }})",
            f"(async () => {{ for await (const one of {delays}.map(sleep)); await get(50); {dice.change()} }})()",
            f"scheduler.postTask(() => {{ {dice.change()} }}, {{delay: {sum(delays)}}})",
        )
    )


def iframe(dice: Dice) -> Plot:
    loads, later = dice.ms(20, 700), dice.ms(0, 600)
    inner = f"{dice.base}/inner"
    told = dice.random.random() < 0.6
    script = f"setTimeout(() => parent.postMessage('ready', '*'), {later})" if told else ""
    handler = f"onmessage = (event) => {{ if (event.data === 'ready') {{ {dice.change()} }} }};" if told else ""
    onload = "" if told else f"frame.onload = () => setTimeout(() => {{ {dice.change()} }}, {later});"
    added = (
        f"const frame = document.createElement('iframe'); frame.title = 'Inner'; {onload} "
        f"frame.src = '/after/{loads}{inner}'; box.append(frame)"
    )
    return Plot(added, handler, more={inner: f"<!doctype html><p>Inside</p><script>{script}</script>"})


def image(dice: Dice) -> Plot:
    source = f"/image/{dice.moment()}/{dice.ms(100, 900)}"
    loaded = f"; picture.onload = () => {{ {dice.change()} }}" if dice.random.random() < 0.5 else ""
    return Plot(
        "const picture = new Image(); picture.alt = 'Mug'; "
        f"picture.src = '{source}'{loaded}; document.body.prepend(picture)"
    )


def navigation(dice: Dice) -> Plot:
    """A link to a page that is held back, and changes after it has loaded."""
    target, held = f"{dice.base}/target", dice.ms(0, 400)
    event = dice.one_of("load", "DOMContentLoaded")
    late = dice.one_of(
        f"setTimeout(() => {{ {dice.change()} }}, {dice.ms(100, 900)})",
        f"get({dice.ms(20, 400)}).then(() => get({dice.ms(20, 400)})).then(() => {{ {dice.change()} }})",
    )
    page = make_page(dice, Plot(script=f"addEventListener('{event}', () => {{ {late} }});"), heading="Arrived")
    return Plot(f"location.href = '/after/{held}{target}'", more={target: page})


def redirect(dice: Dice) -> Plot:
    target, held, later = f"{dice.base}/target", dice.ms(0, 300), dice.ms(100, 1000)
    page = make_page(dice, Plot(), heading="Arrived")
    leave = dice.one_of(
        f"setTimeout(() => {{ location.href = '/after/{held}{target}' }}, {later})",
        f"get({later // 2}).then(() => location.assign('/after/{held}{target}'))",
        f"out.innerHTML = '<form action=/after/{held}{target}><input name=q value=1></form>'; "
        f"setTimeout(() => out.firstChild.submit(), {later})",
        f"location.href = '{dice.base}/refresh'",
    )
    refresh = f"<!doctype html><title>Moving</title><meta http-equiv=refresh content='1;url={target}'><p>Wait"
    return Plot(leave, more={target: page, f"{dice.base}/refresh": refresh})


def push(dice: Dice) -> Plot:
    """The site speaks by itself: on a new connection, when asked on an open one, or after a request."""
    at = ",".join(map(str, sorted(dice.ms(100, 1500) for _ in range(dice.ms(1, 3)))))
    news = f"if (++n === {at.count(',') + 1}) {{ {dice.change()} }} else {{ out.append('.') }}"
    heard = f"let n = 0; const heard = () => {{ {news} }}; const who = Math.random();"
    socket = "new WebSocket(`ws://${location.host}/socket`)"
    kind = dice.ms(0, 3)
    if kind == 0:
        return Plot(f"new EventSource('/events/new?at={at}').onmessage = heard", heard)
    if kind == 1:
        return Plot(f"const line = {socket}; line.onmessage = heard; line.onopen = () => line.send('{at}')", heard)
    if kind == 2:
        return Plot(f"line.send('{at}')", f"{heard} const line = {socket}; line.onmessage = heard;")
    opened = "new EventSource('/events/' + who).onmessage = heard;"
    return Plot(f"fetch('/tell/' + who + '?at={at}')", f"{heard} {opened}")


def lazy(dice: Dice) -> Plot:
    """Parts that load when they are scrolled into view; more than the six that a browser asks for at a time."""
    seen = dice.one_of(
        f"get({dice.ms(20, 500)}).then(() => {{ one.target.innerHTML = '<a href=/more>More</a>' }})",
        f"setTimeout(() => {{ one.target.textContent = 'Shown' }}, {dice.ms(100, 900)})",
        f"one.target.innerHTML = '<img alt=Late src=/image/{dice.ms(20, 500)}/{dice.ms(50, 300)}><p>Below'",
    )
    script = f"""const watch = new IntersectionObserver((all) => {{ for (const one of all) if (one.isIntersecting) {{
        watch.unobserve(one.target); {seen} }} }});
      document.querySelectorAll('section').forEach((part) => watch.observe(part));"""
    parts = "".join(f"<section style=height:{dice.ms(100, 300)}px>Part {part}</section>" for part in range(12))
    return Plot(script=script, body=f"<div style=height:720px></div>{parts}", action="scroll")


def smooth_scroll(dice: Dice) -> Plot:
    if dice.random.random() < 0.4:
        return Plot(
            style="html { scroll-behavior: smooth }", body="<div style=height:3000px></div><p>End", action="scroll"
        )
    body = "<div style=height:2000px></div><p id=end>End</p><div style=height:900px></div>"
    return Plot("document.getElementById('end').scrollIntoView({behavior: 'smooth'})", body=body)


def dialog(dice: Dice) -> Plot:
    body = "<dialog id=ask><p>Are you sure?</p><button>Yes</button></dialog>"
    style = "dialog { opacity: 1; transition: opacity 300ms } @starting-style { dialog[open] { opacity: 0 } }"
    shown = f"document.getElementById('ask').{dice.one_of('showModal', 'show')}()"
    later = dice.one_of(f"setTimeout(() => {shown}, {dice.moment()})", f"get({dice.ms(20, 900)}).then(() => {shown})")
    return Plot(later, body=body, style=style)


def worker(dice: Dice) -> Plot:
    at = sorted(dice.ms(50, 1400) for _ in range(dice.ms(1, 3)))
    posts = " ".join(f"setTimeout(() => postMessage({number}), {ms});" for number, ms in enumerate(at))
    code = json.dumps(f"onmessage = () => {{ {posts} }}")
    source = dice.one_of(
        f"'/after/{dice.ms(0, 150)}?type=text/javascript&say=' + encodeURIComponent({code})",
        f"URL.createObjectURL(new Blob([{code}], {{type: 'text/javascript'}}))",
    )
    heard = f"(event) => {{ if (event.data === {len(at) - 1}) {{ {dice.change()} }} else out.append('.') }}"
    made = f"const it = new Worker({source}); it.onmessage = {heard};"
    return Plot("it.postMessage(1)", made) if dice.random.random() < 0.5 else Plot(f"{made} it.postMessage(1)")


def menu(dice: Dice) -> Plot:
    """A menu that opens some time after the pointer has come."""
    return Plot(
        script=f"go.onmouseenter = () => setTimeout(() => {{ {dice.change()} }}, {dice.ms(100, 800)});", action="hover"
    )


def form(dice: Dice) -> Plot:
    """Enter in a field: the page checks, asks the server and tells."""
    sent = f"sleep({dice.ms(0, 400)}).then(() => get({dice.ms(20, 600)})).then(() => {{ {dice.change()} }})"
    script = f"query.focus(); query.form.onsubmit = (event) => {{ event.preventDefault(); {sent} }};"
    return Plot(script=script, action="press")


FAMILIES: dict[str, Callable[[Dice], Plot]] = {
    made.__name__: made
    for made in (
        *(
            timer,
            timer_chain,
            interval,
            fetch_chain,
            fetch_and_timer,
            slow_fetch,
            debounce,
            transition,
            animation,
            route,
        ),
        *(frames, cascade, promises, iframe, image, navigation, redirect, push, lazy, smooth_scroll, dialog),
        *(worker, menu, form),
    )
}
# What may go on in a page all the time; nobody sees it.
BACKGROUNDS = (
    "setInterval(() => { window.beat = Date.now() }, 300)",
    "const poll = () => fetch('/after/30').then(() => setTimeout(poll, 200)); poll()",
    "fetch('/after/60000?say=long')",
    "document.getElementById('box').animate({opacity: [0.9, 1]}, {duration: 900, iterations: Infinity})",
    "const turn = () => requestAnimationFrame(turn); turn()",
)


def make_case(family: str, index: int, *, seed: int) -> Case:
    dice = Dice(seed, family, index)
    plot = FAMILIES[family](dice)
    background = dice.random.choice(BACKGROUNDS) if dice.random.random() < 0.15 else ""
    html = make_page(dice, plot, heading=f"Shop {index}", background=background)
    return Case(family, index, html, plot.action, plot.more)


def make_cases(count: int, *, seed: int) -> list[Case]:
    """So many cases, of all families in turn."""
    families = list(FAMILIES)
    return [make_case(families[number % len(families)], number // len(families), seed=seed) for number in range(count)]


def pages_of(cases: list[Case]) -> dict[str, str]:
    """All pages by path."""
    return {path: html for case in cases for path, html in ((case.path, case.html), *case.more.items())}
