create table category (
  id integer primary key, parent integer references category (id), path text not null unique, name text not null,
  tint text not null, blurb text not null
);
create table product (
  id integer primary key, sku text not null unique, slug text not null unique, name text not null, kind text not null,
  brand text not null, shelf integer not null references category (id), price integer not null, was_price integer,
  stock integer not null, summary text not null, description text not null, colour text not null, picture text not null,
  created_at text not null, review_count integer not null default 0, rating integer not null default 0
);
create index product_shelf on product (shelf);
create table detail (product integer not null, position integer not null, label text not null, value text not null,
  primary key (product, position)) without rowid;
create table choice (product integer not null, label text not null, position integer not null, value text not null,
  primary key (product, label, position)) without rowid;
create virtual table product_search using fts5 (
  name, brand, shelf, sku, summary, description, content = '', tokenize = 'porter unicode61'
);
create table review (
  id integer primary key, product integer not null references product (id), customer integer, nickname text not null,
  title text not null, detail text not null, stars integer not null check (stars between 1 and 5), created_at text not null
);
create index review_product on review (product);
create table customer (
  id integer primary key, email text not null unique collate nocase, first_name text not null, last_name text not null,
  password text not null, billing_address integer, shipping_address integer,
  newsletter integer not null default 0, created_at text not null
);
create table address (
  id integer primary key, customer integer not null references customer (id), first_name text not null,
  last_name text not null, company text not null default '', street text not null, street2 text not null default '',
  city text not null, region text not null, postcode text not null, country text not null, phone text not null
);
create table session (
  token text primary key, customer integer references customer (id), notices text not null default '[]', last_order integer,
  guest_order integer
);
create table cart_item (
  id integer primary key, owner text not null, product integer not null references product (id),
  choices text not null default '', qty integer not null check (qty > 0), unique (owner, product, choices)
);
create table viewed (owner text not null, product integer not null, turn integer not null,
  primary key (owner, product)) without rowid;
create table wish (
  id integer primary key, customer integer not null references customer (id),
  product integer not null references product (id), added_at text not null,
  qty integer not null default 1, note text not null default '', unique (customer, product)
);
-- `id` equals the integer value of `increment_id`, which clients of the order interface rely on.
create table sales_order (
  id integer primary key, increment_id text not null unique, customer integer references customer (id),
  email text not null, created_at text not null, status text not null, subtotal integer not null,
  shipping integer not null, total integer not null, shipping_method text not null, payment_method text not null,
  shipping_address text not null, billing_address text not null, ship_to text not null
);
create index sales_order_customer on sales_order (customer);
create table order_item (
  id integer primary key, sales_order integer not null references sales_order (id), product integer not null,
  sku text not null, name text not null, choices text not null, qty integer not null, price integer not null
);
create index order_item_order on order_item (sales_order);
create table contact_message (
  id integer primary key, name text not null, email text not null, phone text not null, comment text not null,
  created_at text not null
);
create table newsletter_guest (email text primary key collate nocase);
create table api_token (token text primary key);
create table clock (now text not null);
