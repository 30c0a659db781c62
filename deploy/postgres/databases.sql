-- One database and one role for each service: no service can read another's.
\getenv password HALCYON_DATABASE_PASSWORD
\set services 'referral,intake,scheduling,infusion,billing'

SELECT format('CREATE ROLE halcyon_%s LOGIN PASSWORD %L', name, :'password')
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
SELECT format('CREATE DATABASE halcyon_%1$s OWNER halcyon_%1$s', name)
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
SELECT format('REVOKE CONNECT ON DATABASE halcyon_%s FROM PUBLIC', name)
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
