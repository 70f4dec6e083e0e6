create table admin_user (
  id integer primary key, username text not null unique, first_name text not null, last_name text not null,
  password text not null
);
create table session (
  token text primary key, admin_user integer references admin_user (id), notices text not null default '[]'
);
create table clock (now text not null);

create table attribute_set (id integer primary key, name text not null);
create table attribute_option (
  id integer primary key, attribute text not null check (attribute in ('color', 'size')), label text not null,
  position integer not null
);
create table category (
  id integer primary key, parent integer references category (id), path text not null unique, name text not null,
  blurb text not null
);
-- Money is in cents everywhere. The ids that a browser can be sent to later are not given twice. A variant of a configurable product has a `parent`; status 1 is enabled, 2 disabled.
create table product (
  id integer primary key autoincrement, sku text not null unique, slug text not null unique, name text not null,
  type text not null check (type in ('simple', 'configurable')), attribute_set integer not null,
  parent integer references product (id), price integer not null, qty integer not null default 0,
  is_in_stock integer not null default 1, status integer not null default 1, visibility integer not null default 4,
  weight text not null default '', tax_class integer not null default 2, color integer, size integer,
  sale integer not null default 0, is_new integer not null default 0, description text not null default '',
  short_description text not null default '', meta_title text not null default '', meta_keyword text not null
  default '', meta_description text not null default '', picture text not null default 'tee', tone text not null default 'Gray',
  created_at text not null, updated_at text not null
);
create index product_parent on product (parent);
create table product_category (product integer not null, category integer not null, primary key (product, category))
  without rowid;
create table product_link (product integer not null, related integer not null, primary key (product, related))
  without rowid;
create virtual table product_search using fts5 (name, sku, description, tokenize = 'porter unicode61');
create table product_view (product integer not null, day text not null, views integer not null,
  primary key (product, day)) without rowid;

create table customer_group (id integer primary key, code text not null unique, tax_class text not null);
create table customer (
  id integer primary key autoincrement, first_name text not null, last_name text not null, email text not null unique collate nocase,
  group_id integer not null references customer_group (id), gender text not null default '', birthday text not null
  default '', newsletter integer not null default 0, created_at text not null
);
create table address (
  id integer primary key, customer integer not null references customer (id), first_name text not null,
  last_name text not null, company text not null default '', street text not null, street2 text not null default '',
  city text not null, region text not null, postcode text not null, country text not null, phone text not null
);
create index address_customer on address (customer);

-- `id` equals the integer value of `increment_id`.
create table sales_order (
  id integer primary key, increment_id text not null unique, customer integer references customer (id),
  customer_name text not null, email text not null, group_id integer not null, created_at text not null,
  status text not null, held_status text not null default '', subtotal integer not null, discount integer not null,
  shipping integer not null, tax integer not null, total integer not null, coupon text not null default '',
  shipping_method text not null, payment_method text not null
);
create index sales_order_customer on sales_order (customer);
create table order_address (
  id integer primary key, sales_order integer not null, kind text not null check (kind in ('billing', 'shipping')),
  first_name text not null, last_name text not null, company text not null default '', street text not null,
  street2 text not null default '', city text not null, region text not null, postcode text not null,
  country text not null, phone text not null, unique (sales_order, kind)
);
create table order_item (
  id integer primary key, sales_order integer not null, product integer not null, sku text not null, name text not null,
  options text not null, qty integer not null, price integer not null, invoiced integer not null default 0,
  shipped integer not null default 0, refunded integer not null default 0, canceled integer not null default 0
);
create index order_item_order on order_item (sales_order);
-- `kind` is "order" or the table of the `paper` that the note was written on.
create table order_note (
  id integer primary key, sales_order integer not null, created_at text not null, kind text not null,
  status text not null, comment text not null, notified integer not null default 0, visible integer not null default 0,
  paper integer
);
create index order_note_order on order_note (sales_order);
create table invoice (
  id integer primary key, increment_id text not null, sales_order integer not null, created_at text not null,
  total integer not null, state text not null
);
create table shipment (
  id integer primary key, increment_id text not null, sales_order integer not null, created_at text not null,
  qty integer not null
);
create table shipment_track (
  id integer primary key, shipment integer not null, carrier text not null, title text not null, number text not null,
  created_at text not null
);
create table credit_memo (
  id integer primary key, increment_id text not null, sales_order integer not null, created_at text not null,
  total integer not null, state text not null
);

create table review (
  id integer primary key autoincrement, product integer not null references product (id), customer integer, nickname text not null,
  title text not null, detail text not null, stars integer not null check (stars between 1 and 5),
  status_id integer not null check (status_id between 1 and 3), created_at text not null
);
create index review_product on review (product);
create table cms_page (
  id integer primary key autoincrement, identifier text not null unique, title text not null, heading text not null,
  content text not null, is_active integer not null default 1, layout text not null, meta_title text not null default
  '', meta_keywords text not null default '', meta_description text not null default '', created_at text not null,
  updated_at text not null
);
create table price_rule (
  id integer primary key autoincrement, name text not null, description text not null default '', is_active integer not null,
  website_ids text not null default '', customer_group_ids text not null default '', coupon_code text not null
  default '', uses_per_coupon integer not null default 0, uses_per_customer integer not null default 0,
  from_date text not null default '', to_date text not null default '', sort_order integer not null default 0,
  simple_action text not null, discount_amount integer not null, discount_qty integer not null default 0,
  stop_rules integer not null default 0
);
create table search_term (
  id integer primary key, query text not null unique collate nocase, results integer not null, uses integer not null,
  updated_at text not null
);
create table theme (
  id integer primary key, title text not null, parent text not null, path text not null, ground text not null,
  ink text not null, accent text not null
);
