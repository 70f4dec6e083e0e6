"""What the encyclopedia and the wiki say: a coast that is not on any map."""

# Articles of the encyclopedia by title; [[Title]] is a link.
ARTICLES = {
    "Gullrock": "<p>Gullrock is a fishing town on the coast of Wexcombe with 2,140 people (2021). Its harbour was "
    "dug in 1788. The [[Gullrock Light]] stands on the western mole.</p>",
    "Gullrock Light": "<p>The Gullrock Light is a lighthouse of 31 metres, first lit in 1871. Its lens was ground by "
    "[[Adela Moncrieff]].</p>",
    "Adela Moncrieff": "<p>Adela Moncrieff (1839 to 1902) was an optician from [[Harrow Bridge]]. She ground the "
    "lenses of nine lighthouses.</p>",
    "Harrow Bridge": "<p>Harrow Bridge is a market town on the river Tamble, known for its coppersmiths. It has a "
    "bridge of seven arches.</p>",
    "River Tamble": "<p>The Tamble is a river of 64 kilometres, which rises on [[Hollin Fell]] and meets the sea at "
    "[[Gullrock]].</p>",
    "Hollin Fell": "<p>Hollin Fell is a hill of 703 metres. A weather station has stood on it since 1926.</p>",
    "Wexcombe storm of 1954": "<p>The storm of 1954 flooded the lower streets of [[Gullrock]] and took two arches of "
    "[[Harrow Bridge]].</p>",
}
# Pages of the wiki by title, in its own markup.
WIKI_PAGES = {
    "Ferry": "The ferry to Skerry Island is kept by '''Tobias Wren'''. It leaves Gullrock at 7:40 and 16:15.\n\n"
    "See also [[Opening hours]].",
    "Opening hours": "* Library: 10 to 18\n* Rate limit for loans: four books a month\n* Swimming bath: 7 to 21",
    "Price list": "Prices that members have seen:\n\n* Rope, per metre: 1.20",
    "Members": "* Iris Pell, since 2019\n* Tobias Wren, since 2008",
}
