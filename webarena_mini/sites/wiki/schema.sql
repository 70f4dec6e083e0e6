create table dice (rolls integer not null);
create table article (
    id integer primary key,
    title text not null unique,
    path text not null unique,
    kind text not null,
    topic text not null,
    town text not null,
    district text not null,
    summary text not null,
    words integer not null,
    document blob not null
);
create index article_by_topic on article (topic, title);
create index article_by_town on article (town, title);
create table redirect (path text primary key, target text not null) without rowid;
create table category (
    name text not null,
    article_id integer not null references article (id),
    primary key (name, article_id)
) without rowid;
create index category_by_article on category (article_id);
-- What the boxes and the tables of the articles say, for queries.
create table fact (article_id integer not null references article (id), label text not null, value text not null);
create index fact_by_article on fact (article_id, label);
create table line (
    article_id integer not null references article (id),
    caption text not null,
    number integer not null,
    cells text not null
);
create index line_by_article on line (article_id, caption, number);
create virtual table search using fts5 (title, body, tokenize='porter unicode61 remove_diacritics 2');
