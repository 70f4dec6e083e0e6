create table desk (token text not null, now integer not null);
create table note (id integer primary key, body text not null, written_at integer not null);
