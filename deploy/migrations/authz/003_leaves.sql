-- Leaves as granted and approved (C-1), those that were granted before this table among them.
create table leaves (
    tenant      uuid        not null,
    person      uuid        not null,
    first       date        not null,
    last        date        not null,
    days        integer     not null,
    maintainer  text,
    granted_by  text        not null,
    granted_at  timestamptz not null,
    approved_by text,
    approved_at timestamptz,
    number      bigint      not null,
    primary key (tenant, person, first, last)
);
create unique index on leaves (number);
grant select, insert, update, delete on leaves to {role};
insert into leaves (tenant, person, first, last, days, maintainer, granted_by, granted_at, number)
select distinct on (tenant, stream, first, last) tenant, stream, first, last, last - first + 1, maintainer, granted_by, recorded_at,
    min(position) over (partition by tenant, stream, first, last)
from (
    select tenant, stream, recorded_at, position, (said->>'first')::date as first, (said->>'last')::date as last,
        said->>'maintainer' as maintainer, said->>'by' as granted_by
    from (select *, convert_from(data, 'UTF8')::json as said from log where type = 'person.LeaveGranted') as granted
) as leaves
order by tenant, stream, first, last, position desc;
