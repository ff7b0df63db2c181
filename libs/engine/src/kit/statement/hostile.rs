//! Statements that no guard may let through: the attacks of the threat catalogue, bent to a world's names.
//!
//! They are refused whatever the rows are, so a difference here means that something was not.

use crate::kit::random::Random;

/// Forms. `{r}` is a relation, `{c}` one of its columns, `{n}` a number; `{k}` a key column that no view shows.
const FORMS: &[&str] = &[
    // Names that reach past the sandbox.
    "SELECT count(*) AS n FROM public.{r}",
    "SELECT {c} FROM public.{r} ORDER BY 1 LIMIT {n}",
    "SELECT count(*) AS n, max({c}) AS m FROM public.{r}",
    "SELECT {c} FROM {r} UNION ALL SELECT {c} FROM public.{r}",
    "SELECT count(*) AS n FROM {r} WHERE {c} IN (SELECT {c} FROM public.{r})",
    "WITH w AS (SELECT * FROM public.{r}) SELECT count(*) AS n FROM w",
    "SELECT a.{c} FROM {r} a JOIN public.{r} b ON a.{c} = b.{c}",
    "SELECT count(*) AS n FROM sandbox.sandbox.{r}",
    "SELECT count(*) AS n FROM datafusion.public.{r}",
    "SELECT count(*) AS n FROM warehouse.{r}",
    "SELECT count(*) AS n FROM `{r}.parquet`",
    "SELECT count(*) AS n FROM parquet.`/{r}`",
    "SELECT count(*) AS n FROM '/etc/passwd'",
    "SELECT * FROM keepers",
    "SELECT {k} FROM {r}",
    "SELECT count(*) AS n FROM {r} WHERE {k} = 'c-2'",
    "SELECT r.{k}, count(*) AS n FROM {r} r GROUP BY r.{k}",
    "SELECT * FROM information_schema.tables",
    "SELECT table_name FROM information_schema.views",
    "SELECT * FROM system.information_schema.columns",
    "SELECT * FROM df_settings",
    "SELECT \"{c}\" FROM {r}",
    "SELECT * FROM \"{r}\"",
    // A name of the sandbox given another meaning.
    "WITH {r} AS (SELECT * FROM public.{r}) SELECT count(*) AS n FROM {r}",
    "WITH {r} AS (SELECT 1 AS {c}) SELECT sum({c}) AS s FROM {r}",
    "WITH {r} AS (VALUES (1000000000)) SELECT * FROM {r}",
    "SELECT * FROM (SELECT * FROM keepers) {r}",
    // Other statements.
    "DROP TABLE {r}",
    "SELECT 1; DROP TABLE {r}",
    "SELECT count(*) AS n FROM {r}; SELECT count(*) AS n FROM {r}",
    "INSERT INTO {r} SELECT * FROM {r}",
    "WITH x AS (DELETE FROM {r} RETURNING *) SELECT * FROM x",
    "UPDATE {r} SET {c} = NULL",
    "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
    "COPY {r} TO '/tmp/{r}.csv'",
    "EXPLAIN ANALYZE SELECT * FROM {r}",
    "EXPLAIN SELECT * FROM {r}",
    "DESCRIBE {r}",
    "SHOW TABLES",
    "SET datafusion.catalog.information_schema = true",
    "SELECT * INTO t FROM {r}",
    "SELECT * FROM {r} FOR UPDATE",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    // Functions and tables that are not listed.
    "SELECT input_file_name() AS f FROM {r}",
    "SELECT arrow_typeof({c}) AS t FROM {r}",
    "SELECT version() AS v FROM {r}",
    "SELECT random() AS x FROM {r}",
    "SELECT now() AS x FROM {r}",
    "SELECT current_user() AS x FROM {r}",
    "SELECT reflect('java.lang.System', 'getenv', 'HOME') AS x FROM {r}",
    "SELECT raise_error({c}) AS x FROM {r}",
    "SELECT regexp_replace({c}, '(a*)*', 'b') AS x FROM {r}",
    "SELECT repeat({c}, 1000000000) AS x FROM {r}",
    "SELECT count(*) AS n FROM range(100000000)",
    "SELECT count(*) AS n FROM generate_series(1, 100000000) g",
    "SELECT count(*) AS n FROM read_files('/{r}')",
    "SELECT count(*) AS n FROM IDENTIFIER('{r}')",
    "SELECT TRANSFORM({c}) USING 'id' FROM {r}",
    "SELECT array_agg(string_agg({c}, ',')) AS x FROM {r}",
    "SELECT array_agg({c}) AS x FROM {r}",
    // Letters and comments.
    "SELECT /*+ BROADCAST({r}) */ count(*) AS n FROM {r}, keepers",
    "SELECT count(*) AS n FROM {r} -- \n , keepers",
    "SELECT '\\' AS a, ' UNION ALL SELECT * FROM keepers -- ' AS b FROM {r}",
    "SELECT '${env:HOME}' AS x FROM {r}",
    "SELECT count(*) AS n FROM h\u{430}rvests",
    "SELECT\u{a0}count(*) AS n FROM {r}",
    "SELECT count(*) AS n FROM {r} WHERE {c} RLIKE '.*'",
    "SELECT count(*) AS n FROM {r} WHERE {c} LIKE '%a%b%c%d%'",
    // Size.
    "SELECT count(*) AS n FROM {r} a, {r} b",
    "SELECT count(*) AS n FROM {r} a CROSS JOIN {r} b",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) AS n FROM t",
    "SELECT * FROM {r} LATERAL VIEW explode(array(1)) t AS x",
    "VALUES (1), (2)",
    "TABLE {r}",
    "SELECT {n} AS x FROM {r}",
    "SELECT sum({n}) AS x FROM {r}",
    "SELECT lpad({c}, 1000000000, 'a') AS x FROM {r}",
    "SELECT * REPLACE (1 AS {c}) FROM {r}",
    "SELECT row_number() OVER () AS x FROM {r}",
    "SELECT {c} FROM {r} TABLESAMPLE (10 PERCENT)",
    "SELECT * FROM {r} PIVOT (count(*) FOR {c} IN (1, 2))",
];

/// One of the forms, filled in.
pub(super) fn statement(random: &mut Random) -> String {
    let relations = [
        ("harvests", "note"),
        ("harvests", "word"),
        ("baskets", "tag"),
        ("weighings", "remark"),
        ("plots", "name"),
    ];
    let (relation, column) = random.one(&relations).copied().unwrap_or(("harvests", "note"));
    let key = random.text(&["coop", "house"]);
    let number = (1 + random.below(90)).to_string();
    random
        .text(FORMS)
        .replace("{r}", relation)
        .replace("{c}", column)
        .replace("{k}", key)
        .replace("{n}", &number)
}
