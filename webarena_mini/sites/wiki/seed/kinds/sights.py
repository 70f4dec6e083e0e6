"""Museums and landmarks."""

from webarena_mini.kit.text import counted
from webarena_mini.sites.wiki.seed import figures
from webarena_mini.sites.wiki.seed.kinds.common import chapter_text, coordinates, location, rng_of, sited, town_box
from webarena_mini.sites.wiki.seed.model import Article, Entry, Table, World
from webarena_mini.sites.wiki.seed.words import a_day, data, link, number, proper, somebody, words
from webarena_mini.sites.wiki.seed.world import maker_of

_BUILDERS = ("architect", "engineer")
# How large a thing of each form is: what is measured, from, to, unit.
_SIZES = {
    "bridge": ("It is {n} meters long.", 90, 420),
    "lighthouse": ("Its light stands {n} meters above the sea.", 18, 62),
    "theatre": ("It seats {n} people.", 180, 1600),
    "stadium": ("There is room for {n} spectators.", 4800, 19500),
    "university": ("It has {n} students.", 900, 14800),
    "school": ("It has {n} pupils.", 60, 240),
    "library": ("It has {n} seats for readers.", 120, 760),
    "garden": ("It shows {n} kinds of plants.", 640, 7200),
    "park": ("It has {n} trees.", 240, 2600),
    "viewpoint": ("It is reached by {n} steps.", 110, 640),
    "castle": ("Its tower is {n} steps high.", 92, 260),
    "ruin": ("Walls up to {n} meters high remain.", 6, 24),
    "church": ("Its tower is {n} meters high.", 28, 104),
    "market": ("It has {n} stalls.", 34, 190),
    "ferry": ("About {n} passengers use it each day.", 300, 9400),
    "airport": ("Its runway is {n} meters long.", 1900, 2600),
    "dam": ("It is {n} meters high.", 58, 74),
    "spring": ("It gives {n} liters of water a minute.", 120, 900),
    "cave": ("Visitors see {n} meters of its passages.", 700, 1500),
    "hut": ("It has {n} beds.", 24, 70),
    "spa": ("It has {n} rooms.", 80, 160),
    "observatory": ("Its largest mirror measures {n} centimeters.", 90, 210),
    "windmill": ("Its sails measure {n} meters from tip to tip.", 18, 26),
}
_INDUSTRY = 1840
_EARLIER = {"iron and glass": "limestone and oak", "concrete faced with stone": "rubble faced with stone"}
_OUTDOORS = frozenset({"garden", "park", "viewpoint", "spring", "cave"})
_FOUND = frozenset({"spring", "cave"})
_TASKS = ("Repair of the roof", "New stairs", "Renewal of the front", "Electric light", "Drainage", "New paint")
_PATHS = ("New paths", "New benches", "Repair of the wall", "Electric light", "Drainage", "Planting of trees")


def museum(world: World, entry: Entry) -> Article:
    rng, opened = rng_of(entry), int(entry.facts["opened"])
    place, founder = sited(entry), maker_of(world, entry)
    visits = figures.museum_visitors(entry)
    held = figures.terms(rng, opened, figures.LAST_YEAR, longest=19)
    parts = rng.sample(words("departments"), rng.randint(6, 9))
    collection = [(part, rng.randint(60, 4200), rng.randint(1, 14)) for part in parts]
    objects = sum(count for _, count, _ in collection)
    rooms = rng.randint(9, 34)
    values = location(world, entry) | {
        "name": entry.name,
        "opened": str(opened),
        "visitors": number(visits[-1][1]),
        "founder_text": f"It goes back to {link(founder.name)}, {founder.facts['job']}." if founder else "",
        "idea_year": str(opened - rng.randint(2, 14)),
        "gift": rng.choice(words("gifts")),
        "open_day": a_day(rng),
        "first_guests": rng.choice(words("guests")),
        "wing_year": str(min(opened + rng.randint(9, 50), 2019)),
        "catalog_year": str(min(opened + rng.randint(12, 60), 2021)),
        "rooms": str(rooms),
        "floors": rng.choice(("two", "three", "four")),
        "objects": number(objects),
        "piece": rng.choice(words("pieces")),
        "fee": place.facts["fee"] if place.facts["fee"] != "0 crowns" else "nothing",
    }
    box = [
        *town_box(world, entry),
        ("Address", values["address"]),
        ("Coordinates", coordinates(place.at)),
        ("Opened", str(opened)),
        ("Director", held[-1][0]),
        ("Collection", f"{number(objects)} objects"),
        ("Visitors", f"{values['visitors']} (2022)"),
        ("Entry", place.facts["fee"] if place.facts["fee"] != "0 crowns" else "free"),
        ("Open", place.hours),
        ("Phone", place.phone),
    ]
    if founder:
        box.insert(5, ("Founder", link(founder.name)))
    rows = tuple((part, number(count), f"Room {room}") for part, count, room in collection)
    tables = {
        "directors": figures.terms_table(f"Directors of the {entry.name}", "Director", held),
        "collection": Table("Departments", ("Department", "Objects", "Shown in"), rows),
        "visitors": figures.visitor_table(visits),
    }
    return Article(values, box, tables, f"{entry.name}, marked on the map of Halvern", "locator")


def landmark(world: World, entry: Entry) -> Article:
    rng, opened = rng_of(entry), int(entry.facts["opened"])
    place, maker, form = sited(entry), maker_of(world, entry), str(entry.facts["form"])
    visits = figures.visitors(entry.name, opened, rng.randint(6, 320) * 1000)
    sentence, low, high = _SIZES[form]
    wing, years = rng.randint(max(opened + 8, 1890), 2008) if opened < 1990 else 2018, rng.randint(1, 7)
    material = rng.choice(words("materials"))
    if opened < _INDUSTRY:
        material = _EARLIER.get(material, material)
    values = location(world, entry) | {
        "name": entry.name,
        "The_name": proper(entry.name),
        "a_kind": data("transport")["kinds"][form][0],
        "opened": str(opened),
        "architect_text": f"It was {_built(maker)[1]} by {link(maker.name)}." if maker else "",
        "idea_year": str(opened - years - rng.randint(0, 3)),
        "work_time": counted(years, "year"),
        "cost": number(rng.randint(14, 890) * 1000),
        "cost_text": rng.choice(words("funds")),
        "chapter_text": chapter_text(world, world.home(entry), after=opened),
        "wing_year": str(wing),
        "wing_end": str(wing + rng.randint(1, 4)),
        "size_text": sentence.format(n=number(rng.randint(low, high))),
        "material": material,
        "motto": rng.choice(words("mottoes")),
        "visitors": number(visits[-1][1]),
    }
    unsaid = {"material", "motto"} if form in _OUTDOORS else set()
    unsaid |= {"idea_year", "cost"} if form in _FOUND else set()
    values = {name: value for name, value in values.items() if name not in unsaid}
    box = [
        *town_box(world, entry),
        ("Type", form.capitalize()),
        ("Address", values["address"]),
        ("Coordinates", coordinates(place.at)),
        ("Since", str(opened)),
        *([("Material", material)] if form not in _OUTDOORS else []),
        ("Visitors", f"{values['visitors']} (2022)"),
        ("Phone", place.phone),
    ]
    if maker:
        box.insert(6, (_built(maker)[0].capitalize(), link(maker.name)))
    if place.hours:
        box.append(("Open", "always" if place.hours == "24/7" else place.hours))
    tables = {"works": _works(entry, opened), "visitors": figures.visitor_table(visits)}
    return Article(values, box, tables, f"{entry.name}, marked on the map of Halvern", "locator")


def _built(maker: Entry) -> tuple[str, str]:
    """What somebody was for the building, and what they did."""
    job = str(maker.facts["job"])
    return (job, "designed") if job in _BUILDERS else ("founder", "established")


def _works(entry: Entry, opened: int) -> Table:
    rng = rng_of(entry)
    tasks = _PATHS if entry.facts["form"] in _OUTDOORS else _TASKS
    years = sorted(rng.sample(range(max(opened + 3, 1860), 2022), min(len(_TASKS), 5)))
    rows = [
        (str(year), task, somebody(rng), f"{number(rng.randint(3, 260) * 1000)} crowns")
        for year, task in zip(years, rng.sample(tasks, len(years)), strict=True)
    ]
    return Table("Works since the opening", ("Year", "Work", "Led by", "Cost"), tuple(rows))
