-- What somebody is called, if they said so.
ALTER TABLE accounts.users ADD COLUMN full_name text CHECK (char_length(full_name) BETWEEN 1 AND 200);
