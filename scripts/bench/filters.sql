-- One filter of `filters.sh`: reads its first and its 1,000th page eleven times.
-- As `platform::postgres` sets them.
SET enable_seqscan = off;
SET random_page_cost = 1.1;
SET jit = off;
CREATE FUNCTION pg_temp.bound(at timestamptz) RETURNS uuid IMMUTABLE LANGUAGE sql AS
$$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- The literal ids, as the api binds them.
CREATE FUNCTION pg_temp.literal(text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE text text := $1; found text[];
BEGIN
    FOR found IN SELECT regexp_matches(text, 'first_id\(''([^'']*)''\)', 'g') LOOP
        text := replace(text, format('first_id(''%s'')', found[1]),
                        quote_literal(pg_temp.bound(now() - found[1]::interval - interval '10 minutes')) || '::uuid');
    END LOOP;
    FOR found IN SELECT regexp_matches(text, 'hour_id\(''([^'']*)''\)', 'g') LOOP
        text := replace(text, format('hour_id(''%s'')', found[1]),
                        quote_literal(pg_temp.bound(now() - found[1]::interval - interval '1 hour')) || '::uuid');
    END LOOP;
    FOR found IN SELECT regexp_matches(text, 'end_id\(''([^'']*)''\)', 'g') LOOP
        text := replace(text, format('end_id(''%s'')', found[1]),
                        quote_literal(pg_temp.bound(now() - found[1]::interval + interval '10 minutes')) || '::uuid');
    END LOOP;
    RETURN replace(text, 'now()', quote_literal(now()) || '::timestamptz');
END $$;

CREATE FUNCTION pg_temp.page(groups text, dates text, condition text, joined text, after text, rows int) RETURNS text
LANGUAGE sql AS $$
SELECT format('SELECT o.id, o.order_number, o.status, o.total_minor, o.updated_at FROM (%s) AS o ORDER BY o.id DESC',
    CASE WHEN dates <> '' THEN
        format('SELECT found.* FROM (SELECT day::date AS changed_on
                       FROM generate_series(greatest(%L::date, (SELECT min(changed_on) FROM orders.orders)),
                                            least(NULL::date, (SELECT max(changed_on) FROM orders.orders)),
                                            interval ''1 day'') AS day) AS wanted CROSS JOIN LATERAL (
                   SELECT o.* FROM orders.orders o %s WHERE %s %s AND o.changed_on = wanted.changed_on
                    ORDER BY o.id DESC LIMIT %s) AS found ORDER BY found.id DESC LIMIT %s',
               (now() - dates::interval)::date, joined, condition, after, rows, rows)
    WHEN groups = '' THEN
        format('SELECT o.* FROM orders.orders o %s WHERE %s %s ORDER BY o.id DESC LIMIT %s', joined, condition, after, rows)
    ELSE
        format('SELECT found.* FROM unnest(ARRAY (%s)::smallint[]) AS wanted(status_group) CROSS JOIN LATERAL (
                   SELECT o.* FROM orders.orders o %s WHERE %s %s AND o.status_group = wanted.status_group ORDER BY o.id DESC LIMIT %s) AS found ORDER BY found.id DESC LIMIT %s',
               groups, joined, condition, after, rows, rows)
    END) $$;

-- The median time in milliseconds, and the indexes of the plan.
CREATE FUNCTION pg_temp.measured(query text, OUT ms numeric, OUT indexes text) LANGUAGE plpgsql AS $$
DECLARE plan json; times float8[]; started timestamptz;
BEGIN
    FOR run IN 1..11 LOOP
        started := clock_timestamp();
        EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO plan;
        times := times || ((plan -> 0 ->> 'Planning Time')::float8 + (plan -> 0 ->> 'Execution Time')::float8);
    END LOOP;
    SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::numeric, 2) INTO ms FROM unnest(times) AS t;
    SELECT string_agg(DISTINCT name[1], ', ') INTO indexes
      FROM regexp_matches(plan::text, '"Index Name": "([^"]*)"', 'g') AS name;
END $$;

CREATE TEMPORARY TABLE asked AS SELECT pg_temp.literal(:'condition') AS condition;
SELECT pg_temp.page(:'groups', :'dates', condition, :'join', '', 20 * 999) AS to_the_last FROM asked \gset
-- The last order of page 999, if there are so many.
SELECT coalesce((array_agg(id))[19980]::text, '') AS last FROM (:to_the_last) AS pages \gset
SELECT format('%-44s %-12s %-12s %s', :'name', first.ms, coalesce(deep.ms::text, '-'),
              concat_ws('; ', first.indexes, nullif(deep.indexes, first.indexes)))
  FROM asked,
       pg_temp.measured(pg_temp.page(:'groups', :'dates', condition, :'join', '', 21)) AS first
  LEFT JOIN pg_temp.measured(pg_temp.page(:'groups', :'dates', pg_temp.literal(:'condition'), :'join',
            format('AND o.id < %1$L', nullif(:'last', '')) || CASE WHEN :'join' ~ ' line ' THEN format(' AND line.order_id < %L', :'last')
            WHEN :'join' ~ ' entry ' THEN format(' AND entry.order_id < %L', :'last') ELSE '' END, 21)) AS deep ON :'last' <> '';
