create table clock (now integer not null);
create table users (
    id integer primary key,
    name text not null,
    email text not null unique collate nocase,
    password text not null,
    phone text not null default '',
    town text not null default '',
    joined_at integer not null
);
create table sessions (
    token text primary key,
    user_id integer references users (id) on delete cascade,
    csrf text not null,
    wanted text not null default '',
    told text not null default ''
) without rowid;
create table flashes (token text not null, told text not null, is_fault integer not null);
create table kept_forms (token text primary key, path text not null, fields text not null) without rowid;
create table categories (id integer primary key, name text not null);
create table images (id text primary key, content_type text not null, data blob not null) without rowid;
create table items (
    id integer primary key,
    category_id integer not null references categories (id),
    user_id integer references users (id) on delete cascade,
    title text not null,
    description text not null,
    price_cents integer,
    town text not null,
    contact text not null,
    email text not null,
    created_at integer not null,
    shape text not null default '',
    tone text not null default '',
    pieces integer not null default 1,
    label text not null default '',
    image_id text references images (id)
);
create index items_by_category on items (category_id, created_at);
create index items_by_user on items (user_id);
create table comments (
    id integer primary key,
    item_id integer not null references items (id) on delete cascade,
    user_id integer references users (id) on delete cascade,
    author text not null,
    title text not null,
    body text not null,
    rating integer not null,
    created_at integer not null
);
create index comments_by_item on comments (item_id);
create table messages (
    id integer primary key,
    item_id integer not null references items (id) on delete cascade,
    name text not null,
    email text not null,
    body text not null,
    created_at integer not null
);
create virtual table item_search using fts5 (
    title, description, content='items', content_rowid='id', tokenize='porter unicode61'
);
create trigger item_added after insert on items begin
    insert into item_search (rowid, title, description) values (new.id, new.title, new.description);
end;
create trigger item_gone after delete on items begin
    insert into item_search (item_search, rowid, title, description)
    values ('delete', old.id, old.title, old.description);
end;
create trigger item_changed after update of title, description on items begin
    insert into item_search (item_search, rowid, title, description)
    values ('delete', old.id, old.title, old.description);
    insert into item_search (rowid, title, description) values (new.id, new.title, new.description);
end;
