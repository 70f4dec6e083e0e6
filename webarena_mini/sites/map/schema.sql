create table mapper (id integer primary key, name text not null unique, joined text not null, about text not null);
create table changeset (
    id integer primary key,
    mapper integer not null references mapper (id),
    comment text not null,
    tool text not null,
    opened_at text not null,
    closed_at text not null
);
create index changeset_by_mapper on changeset (mapper, id);
create table element (
    key integer primary key,
    type text not null check (type in ('node', 'way', 'relation')),
    id integer not null,
    name text not null,
    kind text not null,
    label text not null,
    display_name text not null,
    town text not null,
    latitude real not null,
    longitude real not null,
    importance integer not null,
    tags text not null,
    version integer not null default 1,
    changeset integer not null default 0,
    unique (type, id)
);
create index element_by_kind on element (kind);
create index element_by_name on element (name collate nocase);
create index element_by_display_name on element (display_name collate nocase);
create index element_by_changeset on element (changeset);
create table part (
    whole integer not null references element (key),
    position integer not null,
    element integer not null references element (key),
    role text not null,
    primary key (whole, position)
) without rowid;
create index part_by_element on part (element);
create table revision (
    element integer not null references element (key),
    version integer not null,
    changeset integer not null references changeset (id),
    tags text not null,
    primary key (element, version)
) without rowid;
create index revision_by_changeset on revision (changeset);
create virtual table element_search using fts5 (
    name, words, address, tokenize='unicode61 remove_diacritics 2', prefix='2 3'
);
