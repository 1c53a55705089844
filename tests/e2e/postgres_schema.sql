-- What a real database may have, small.
create role app login password 'app secret' connection limit 7;
create role readers nologin;
create role "Odd ""Role" login;
grant readers to app with admin option;
alter role app set work_mem = '9MB';
create database shop owner app;
comment on database shop is 'it''s; a shop';
alter database shop set statement_timeout = '77s';
grant connect on database shop to readers;
create database "Odd ""Db" encoding 'LATIN1' locale 'C' template template0;
\c shop
create extension hstore;
create extension pg_trgm;
create extension citext schema public;
create schema sales authorization app;
create schema "Odd ""Schema";
create type sales.state as enum ('new', 'paid', 'it''s');
create domain sales.email as citext check (value ~ '@');
create type sales.pair as (a int, b text);
create sequence sales.loose start 41;
create table sales.customers (
  id int generated always as identity primary key, email sales.email unique not null, name text collate "C",
  tags text[] default '{}', extra hstore, photo bytea, joined timestamptz not null, state sales.state default 'new',
  shout text generated always as (upper(name)) stored, ratio double precision, big numeric(30,10), took interval, p sales.pair);
comment on table sales.customers is E'line one\nline; two';
comment on column sales.customers.photo is '\x';
insert into sales.customers (email, name, tags, extra, photo, joined, state, ratio, big, took, p)
  select 'u'||i||'@example.org', E'tab\there\nnewline\\ '||i||' ü € \u00e9', array['a,b', null, '"q"', i::text], hstore('k', i::text), decode(md5(i::text), 'hex'),
    '2026-01-01 00:00:00.123456+00'::timestamptz + i * interval '1 hour', (array['new','paid','it''s'])[1+i%3]::sales.state, i/3.0, i*1e15/7, i * interval '1 day 1.5 s', row(i::int, 'x;y')::sales.pair
  from generate_series(1, 2000) i;
insert into sales.customers (email, name, joined) values ('nulls@x', null, 'infinity');
create index on sales.customers using gin (name gin_trgm_ops);
create index named_one on sales.customers (lower(name)) where state <> 'new';
comment on index sales.named_one is 'an index; with a comment';
alter table sales.customers cluster on customers_pkey;
create statistics sales.st on state, name from sales.customers;
create table sales.orders (id serial, day date not null, customer int references sales.customers, amount money, primary key (id, day)) partition by range (day);
create table sales.orders_a partition of sales.orders for values from ('2026-01-01') to ('2026-06-01');
create table sales.orders_b partition of sales.orders for values from ('2026-06-01') to ('2027-01-01') partition by hash (id);
create table sales.orders_b0 partition of sales.orders_b for values with (modulus 2, remainder 0);
create table sales.orders_b1 partition of sales.orders_b for values with (modulus 2, remainder 1);
create table sales.orders_rest partition of sales.orders default;
insert into sales.orders (day, customer, amount) select '2026-01-01'::date + i % 400, 1 + i % 2000, i from generate_series(1, 5000) i;
create table public.parent (a int, b text);
create table public.child (c int) inherits (public.parent);
insert into parent values (1, 'p'); insert into child values (2, 'c', 3);
create table ring_a (id int primary key, b int); create table ring_b (id int primary key, a int references ring_a deferrable);
insert into ring_a values (1, 1), (2, 2); insert into ring_b values (1, 1), (2, 2);
alter table ring_a add foreign key (b) references ring_b;
create table "Odd ""Schema"."Odd. ""Table""; --" ("Odd ""Column" int, "select" text, " " int);
insert into "Odd ""Schema"."Odd. ""Table""; --" values (1, E'\\.', 2), (2, '', null), (3, E'\\N', 4);
create table no_columns (); insert into no_columns default values; insert into no_columns default values;
create table only_generated (a int generated always as (1) stored); insert into only_generated default values;
create unlogged table unlogged_one (a int); insert into unlogged_one values (5);
create table empty_one (a int primary key);
create table big (id bigint, t text); insert into big select i, repeat(md5(i::text), 20) from generate_series(1, 20000) i;
create table dropped (a int, gone text, b int); insert into dropped values (1, 'x', 2); alter table dropped drop column gone;
create function sales.touch() returns trigger language plpgsql as $body$ begin new.name := coalesce(new.name, 'touched; $$'); return new; end $body$;
create trigger touch before insert or update on sales.customers for each row execute function sales.touch();
create function atomic_one(x int) returns int language sql begin atomic select case when x > 1 then 1 else 2 end; select x; end;
create procedure pr() language plpgsql as $$ begin perform 1; end $$;
create view sales.paid as select id, email from sales.customers where state = 'paid' with check option;
create view by_key as select c.*, count(*) from sales.customers c group by c.id;
create materialized view sales.per_day as select day, count(*) n from sales.orders group by day;
create unique index on sales.per_day (day);
create materialized view never_filled as select 1 as x with no data;
create rule r as on insert to public.parent do also (select 1; select 2);
alter table sales.customers enable row level security;
create policy own on sales.customers for select to readers using (email::text like 'u%');
grant usage on schema sales to readers; grant select (id, email) on sales.customers to readers; grant insert on sales.orders to app with grant option;
alter default privileges for role app in schema sales grant select on tables to readers;
set client_min_messages = error; create publication pub for table sales.customers (id, email) where (id > 5);
select lo_from_bytea(4711, decode(repeat('00ff41', 30000), 'hex')); comment on large object 4711 is 'a large one'; alter large object 4711 owner to app;
select lo_from_bytea(4712, ''); grant select on large object 4712 to readers;
select setval('sales.loose', 99);
\c "Odd ""Db"
create table "Caf" (x text); insert into "Caf" select chr(233) || i from generate_series(1, 100) i;
\c shop
create function guard() returns event_trigger language plpgsql as $$ begin raise exception 'nothing is dropped here'; end $$;
create event trigger et on sql_drop when tag in ('DROP AGGREGATE') execute function guard();
