-- What posts were, since when: an act of someone who has changed post since is judged by the post they had.
create table posts_past (
  tenant uuid not null,
  person uuid not null,
  since  timestamptz not null,
  post   bytea not null,
  primary key (tenant, person, since)
);

grant select, insert, update, delete on posts_past to {role};
