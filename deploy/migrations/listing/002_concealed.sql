-- What someone conceals, for when they leave (A-2.9).
create index on listings (tenant, concealed_by) where concealed_by is not null;
