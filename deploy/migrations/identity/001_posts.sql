-- Who stands where, as this service has heard from authz: a view, dropped and rebuilt at will. No name and no phone is here;
-- `contact` is a reference that is equal for equal numbers within a company.
create table posts (
  tenant   uuid not null,
  person   uuid not null,
  store    text,
  team     text,
  area     text,
  role     text not null,
  newcomer boolean not null,
  in_post  boolean not null,
  contact  text,
  primary key (tenant, person)
);

create index posts_by_store on posts (tenant, store);
create index posts_by_contact on posts (tenant, contact) where contact is not null;

grant select, insert, update, delete on posts to {role};
