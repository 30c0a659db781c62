-- One database for each service: no service can read another's. Its owner migrates it; the service
-- connects as a role that owns nothing (docs/adr/0120).
\getenv password HALCYON_DATABASE_PASSWORD
\getenv rows HALCYON_SERVICE_PASSWORD
\set services 'referral,intake,scheduling,infusion,billing'

SELECT format('CREATE ROLE halcyon_%s LOGIN PASSWORD %L', name, :'password')
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
SELECT format('CREATE ROLE halcyon_%s_service LOGIN PASSWORD %L', name, :'rows')
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
SELECT format('CREATE DATABASE halcyon_%1$s OWNER halcyon_%1$s', name)
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
SELECT format('REVOKE CONNECT ON DATABASE halcyon_%s FROM PUBLIC', name)
FROM unnest(string_to_array(:'services', ',')) AS name \gexec
