create table clock (now integer not null);
create table users (
    id integer primary key,
    username text not null unique collate nocase,
    name text not null,
    password text not null default '',
    email text not null default '',
    bio text not null default '',
    job_title text not null default '',
    organization text not null default '',
    location text not null default '',
    website text not null default '',
    pronouns text not null default '',
    status_emoji text not null default '',
    status_message text not null default '',
    busy integer not null default 0,
    feed_token text not null,
    created_at integer not null
);
create table sessions (
    token text primary key,
    user_id integer references users (id) on delete cascade,
    csrf text not null,
    wanted text not null default '',
    told text not null default ''
) without rowid;
create table follows (
    follower_id integer not null references users (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (follower_id, user_id)
) without rowid;
create index follows_by_user on follows (user_id);
create table namespaces (
    id integer primary key,
    path text not null unique collate nocase,
    name text not null,
    kind text not null check (kind in ('user', 'group')),
    user_id integer references users (id) on delete cascade,
    description text not null default '',
    visibility text not null default 'public' check (visibility in ('public', 'internal', 'private')),
    created_at integer not null
);
create table group_members (
    namespace_id integer not null references namespaces (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    role integer not null check (role in (10, 20, 30, 40, 50)),
    expires_on text not null default '',
    created_at integer not null,
    primary key (namespace_id, user_id)
) without rowid;
create index group_members_by_user on group_members (user_id);
create table projects (
    id integer primary key,
    namespace_id integer not null references namespaces (id) on delete cascade,
    path text not null collate nocase,
    name text not null,
    description text not null default '',
    visibility text not null check (visibility in ('public', 'internal', 'private')),
    default_branch text not null default 'main',
    topics text not null default '',
    forked_from_id integer references projects (id) on delete set null,
    created_at integer not null,
    active_at integer not null,
    unique (namespace_id, path)
);
create table project_members (
    project_id integer not null references projects (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    role integer not null check (role in (10, 20, 30, 40, 50)),
    expires_on text not null default '',
    created_at integer not null,
    primary key (project_id, user_id)
) without rowid;
create index project_members_by_user on project_members (user_id);
create table stars (
    project_id integer not null references projects (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (project_id, user_id)
) without rowid;
create index stars_by_user on stars (user_id);

create table blobs (id integer primary key, content text not null);
create table commits (
    id integer primary key,
    project_id integer not null references projects (id) on delete cascade,
    sha text not null,
    author_id integer references users (id) on delete set null,
    author_name text not null,
    author_email text not null,
    message text not null,
    created_at integer not null
);
create index commits_by_project on commits (project_id, sha);
create index commits_by_author on commits (author_id, created_at);
create table commit_parents (
    commit_id integer not null references commits (id) on delete cascade,
    parent_id integer not null references commits (id) on delete cascade,
    place integer not null,
    primary key (commit_id, place)
) without rowid;
create index commit_parents_by_parent on commit_parents (parent_id);
create table changes (
    commit_id integer not null references commits (id) on delete cascade,
    path text not null,
    blob_id integer references blobs (id),
    primary key (commit_id, path)
) without rowid;
create index changes_by_blob on changes (blob_id);
create table branches (
    id integer primary key,
    project_id integer not null references projects (id) on delete cascade,
    name text not null,
    commit_id integer not null references commits (id) on delete cascade,
    unique (project_id, name)
);
create index branches_by_commit on branches (commit_id);
create table tags (
    id integer primary key,
    project_id integer not null references projects (id) on delete cascade,
    name text not null,
    commit_id integer not null references commits (id) on delete cascade,
    message text not null default '',
    created_at integer not null,
    unique (project_id, name)
);
create index tags_by_commit on tags (commit_id);

create table labels (
    id integer primary key,
    project_id integer not null references projects (id) on delete cascade,
    name text not null,
    color text not null,
    description text not null default '',
    unique (project_id, name)
);
create table milestones (
    id integer primary key,
    project_id integer not null references projects (id) on delete cascade,
    iid integer not null,
    title text not null,
    description text not null default '',
    state text not null default 'active' check (state in ('active', 'closed')),
    start_date text not null default '',
    due_date text not null default '',
    created_at integer not null,
    unique (project_id, iid)
);
create table issuables (
    id integer primary key,
    kind text not null check (kind in ('issue', 'merge_request')),
    project_id integer not null references projects (id) on delete cascade,
    iid integer not null,
    title text not null,
    description text not null default '',
    author_id integer not null references users (id) on delete cascade,
    state text not null default 'opened' check (state in ('opened', 'closed', 'merged')),
    milestone_id integer references milestones (id) on delete set null,
    due_date text not null default '',
    source_branch text not null default '',
    target_branch text not null default '',
    source_project_id integer references projects (id) on delete set null,
    base_commit_id integer references commits (id) on delete set null,
    head_commit_id integer references commits (id) on delete set null,
    created_at integer not null,
    updated_at integer not null,
    closed_at integer,
    unique (project_id, kind, iid)
);
create index issuables_by_author on issuables (author_id);
create index issuables_by_milestone on issuables (milestone_id);
create index issuables_by_source on issuables (source_project_id);
create index issuables_by_base on issuables (base_commit_id);
create index issuables_by_head on issuables (head_commit_id);
create table issuable_labels (
    issuable_id integer not null references issuables (id) on delete cascade,
    label_id integer not null references labels (id) on delete cascade,
    primary key (issuable_id, label_id)
) without rowid;
create index issuable_labels_by_label on issuable_labels (label_id);
create table assignees (
    issuable_id integer not null references issuables (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (issuable_id, user_id)
) without rowid;
create index assignees_by_user on assignees (user_id);
create table reviewers (
    issuable_id integer not null references issuables (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (issuable_id, user_id)
) without rowid;
create index reviewers_by_user on reviewers (user_id);
create table approvals (
    issuable_id integer not null references issuables (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    primary key (issuable_id, user_id)
) without rowid;
create table awards (
    issuable_id integer not null references issuables (id) on delete cascade,
    user_id integer not null references users (id) on delete cascade,
    thumb text not null check (thumb in ('up', 'down')),
    primary key (issuable_id, user_id)
) without rowid;
create table notes (
    id integer primary key,
    issuable_id integer not null references issuables (id) on delete cascade,
    author_id integer not null references users (id) on delete cascade,
    body text not null,
    system integer not null default 0,
    created_at integer not null,
    edited_at integer
);
create index notes_by_issuable on notes (issuable_id);
create index notes_by_author on notes (author_id);
create table todos (
    id integer primary key,
    user_id integer not null references users (id) on delete cascade,
    author_id integer not null references users (id) on delete cascade,
    issuable_id integer not null references issuables (id) on delete cascade,
    reason text not null check (reason in ('assigned', 'mentioned', 'review_requested', 'marked')),
    done integer not null default 0,
    created_at integer not null
);
create index todos_by_user on todos (user_id, done);
create index todos_by_issuable on todos (issuable_id);

create view events as
    select project_id, author_id as user_id, 'pushed' as action, 'commit' as kind, sha as ref,
        message as title, created_at from commits where author_id is not null
        -- What a fork has from the project that it was made of was pushed there.
        and not exists (select 1 from projects f join commits o on o.project_id = f.forked_from_id
            and o.sha = commits.sha where f.id = commits.project_id)
    union all select project_id, author_id, 'opened', kind, iid, title, created_at from issuables
    union all select i.project_id, n.author_id, 'commented on', i.kind, i.iid, i.title, n.created_at
        from notes n join issuables i on i.id = n.issuable_id where not n.system
    union all select i.project_id, n.author_id, n.body, i.kind, i.iid, i.title, n.created_at
        from notes n join issuables i on i.id = n.issuable_id
        where n.system and n.body in ('closed', 'reopened', 'merged');

create virtual table issuable_search using fts5 (
    title, description, content='issuables', content_rowid='id', tokenize='porter unicode61'
);
create trigger issuable_added after insert on issuables begin
    insert into issuable_search (rowid, title, description) values (new.id, new.title, new.description);
end;
create trigger issuable_gone after delete on issuables begin
    insert into issuable_search (issuable_search, rowid, title, description)
    values ('delete', old.id, old.title, old.description);
end;
create trigger issuable_changed after update of title, description on issuables begin
    insert into issuable_search (issuable_search, rowid, title, description)
    values ('delete', old.id, old.title, old.description);
    insert into issuable_search (rowid, title, description) values (new.id, new.title, new.description);
end;
