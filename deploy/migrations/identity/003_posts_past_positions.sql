-- Of posts told at one instant the log's position says which came first.
alter table posts_past add column position bigint not null default 0;
alter table posts_past drop constraint posts_past_pkey;
alter table posts_past add primary key (tenant, person, since, position);
