create table clock (now integer not null);
create table users (
    id integer primary key,
    name text not null unique collate nocase,
    password text not null,
    email text not null default '',
    biography text not null default '',
    joined_at integer not null,
    seen_comment_id integer not null default 0
);
create table sessions (
    token text primary key,
    user_id integer references users (id) on delete cascade,
    csrf text not null,
    wanted text not null default '',
    told text not null default ''
) without rowid;
create table forums (
    id integer primary key,
    name text not null unique collate nocase,
    title text not null,
    description text not null,
    sidebar text not null,
    featured integer not null default 0,
    created_at integer not null
);
create table moderators (
    forum_id integer not null references forums (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (forum_id, user_id)
) without rowid;
create table subscriptions (
    forum_id integer not null references forums (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (forum_id, user_id)
) without rowid;
create index subscriptions_by_user on subscriptions (user_id, forum_id);
create table images (id text primary key, content_type text not null, data blob not null) without rowid;
create table submissions (
    id integer primary key,
    forum_id integer not null references forums (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    title text not null,
    slug text not null,
    url text not null default '',
    image_id text references images (id),
    body text not null default '',
    created_at integer not null,
    edited_at integer,
    net_score integer not null default 0,
    comment_count integer not null default 0,
    last_active integer not null,
    ranking integer not null
);
create index submissions_by_ranking on submissions (ranking);
create index submissions_by_forum on submissions (forum_id, ranking);
create index submissions_by_user on submissions (user_id);
create table comments (
    id integer primary key,
    submission_id integer not null references submissions (id) on delete cascade,
    parent_id integer references comments (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    body text not null,
    created_at integer not null,
    edited_at integer,
    deleted integer not null default 0,
    net_score integer not null default 0
);
create index comments_by_submission on comments (submission_id);
create index comments_by_parent on comments (parent_id);
create index comments_by_user on comments (user_id);
create table submission_votes (
    submission_id integer not null references submissions (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    choice integer not null check (choice in (-1, 1)),
    primary key (submission_id, user_id)
) without rowid;
create table comment_votes (
    comment_id integer not null references comments (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    choice integer not null check (choice in (-1, 1)),
    primary key (comment_id, user_id)
) without rowid;

create virtual table submission_search using fts5 (
    title, body, content='submissions', content_rowid='id', tokenize='porter unicode61'
);
create trigger submission_added after insert on submissions begin
    insert into submission_search (rowid, title, body) values (new.id, new.title, new.body);
end;
create trigger submission_gone after delete on submissions begin
    insert into submission_search (submission_search, rowid, title, body) values ('delete', old.id, old.title, old.body);
end;
create trigger submission_changed after update of title, body on submissions begin
    insert into submission_search (submission_search, rowid, title, body) values ('delete', old.id, old.title, old.body);
    insert into submission_search (rowid, title, body) values (new.id, new.title, new.body);
end;
create virtual table comment_search using fts5 (
    body, content='comments', content_rowid='id', tokenize='porter unicode61'
);
create trigger comment_added after insert on comments begin
    insert into comment_search (rowid, body) values (new.id, new.body);
end;
create trigger comment_gone after delete on comments begin
    insert into comment_search (comment_search, rowid, body) values ('delete', old.id, old.body);
end;
create trigger comment_changed after update of body on comments begin
    insert into comment_search (comment_search, rowid, body) values ('delete', old.id, old.body);
    insert into comment_search (rowid, body) values (new.id, new.body);
end;
