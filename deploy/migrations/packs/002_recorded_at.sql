-- When a pack was activated: the first of a scope may begin in the past, and yet nothing that closed before stands otherwise. Null: of those
-- kept before this was asked.
alter table activations add column recorded_at timestamptz;
