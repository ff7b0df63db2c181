-- relation plays(play_id integer, listener_id integer, track_id integer, started_at timestamp, seconds integer, skipped boolean, device string)
-- relation listeners(listener_id integer, joined_on date, left_on date, plan string, country string, age integer)
-- relation tracks(track_id integer, title string, artist string, genre string, released_on date, seconds integer)
-- relation payments(payment_id integer, listener_id integer, paid_on date, amount decimal, currency string, refunded boolean)
SELECT count(*) AS plays, count(DISTINCT listener_id) AS listeners, count(*) / count(DISTINCT listener_id) AS per_listener FROM plays
SELECT sum(seconds) / 3600 AS hours FROM plays WHERE started_at >= '2026-06-01'
SELECT t.artist, count(*) AS plays FROM plays p JOIN tracks t ON t.track_id = p.track_id GROUP BY t.artist ORDER BY plays DESC LIMIT 25
SELECT t.genre, sum(p.seconds) AS seconds, avg(CASE WHEN p.skipped THEN 1.0 ELSE 0.0 END) AS skip_rate FROM plays p JOIN tracks t USING (track_id) GROUP BY t.genre
SELECT t.genre, l.country, count(*) AS plays FROM plays p JOIN tracks t ON t.track_id = p.track_id JOIN listeners l ON l.listener_id = p.listener_id GROUP BY t.genre, l.country ORDER BY t.genre, plays DESC
SELECT plan, count(*) AS n FROM listeners WHERE left_on IS NULL GROUP BY plan
SELECT date_trunc('month', joined_on) AS month, count(*) AS joined FROM listeners GROUP BY 1 ORDER BY 1
SELECT date_trunc('month', left_on) AS month, count(*) AS lost FROM listeners WHERE left_on IS NOT NULL GROUP BY date_trunc('month', left_on) ORDER BY month
WITH j AS (SELECT date_trunc('month', joined_on) AS m, count(*) AS joined FROM listeners GROUP BY 1), l AS (SELECT date_trunc('month', left_on) AS m, count(*) AS lost FROM listeners WHERE left_on IS NOT NULL GROUP BY 1) SELECT j.m, j.joined, coalesce(l.lost, 0) AS lost, j.joined - coalesce(l.lost, 0) AS net FROM j LEFT JOIN l ON l.m = j.m ORDER BY j.m
WITH active AS (SELECT DISTINCT listener_id, date_trunc('month', started_at) AS m FROM plays) SELECT m, count(*) AS active FROM active GROUP BY m ORDER BY m
WITH firsts AS (SELECT listener_id, min(date_trunc('month', started_at)) AS cohort FROM plays GROUP BY listener_id), months AS (SELECT DISTINCT listener_id, date_trunc('month', started_at) AS m FROM plays) SELECT f.cohort, timestampdiff(MONTH, f.cohort, m.m) AS age, count(*) AS listeners FROM firsts f JOIN months m ON m.listener_id = f.listener_id GROUP BY 1, 2 ORDER BY 1, 2
WITH days AS (SELECT DISTINCT listener_id, CAST(started_at AS DATE) AS day FROM plays), numbered AS (SELECT listener_id, day, row_number() OVER (PARTITION BY listener_id ORDER BY day) AS rn FROM days), islands AS (SELECT listener_id, date_sub(day, CAST(rn AS INT)) AS island, day FROM numbered) SELECT listener_id, count(*) AS streak FROM islands GROUP BY listener_id, island ORDER BY streak DESC LIMIT 10
WITH gaps AS (SELECT listener_id, started_at, timestampdiff(MINUTE, lag(started_at) OVER (PARTITION BY listener_id ORDER BY started_at), started_at) AS gap FROM plays) SELECT listener_id, started_at, sum(CASE WHEN gap IS NULL OR gap > 30 THEN 1 ELSE 0 END) OVER (PARTITION BY listener_id ORDER BY started_at) AS session FROM gaps
SELECT device, count(*) AS plays, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS pct FROM plays GROUP BY device
SELECT hour(started_at) AS h, count(*) AS plays FROM plays GROUP BY 1 ORDER BY plays DESC
SELECT dayname(started_at) AS d, count(*) AS plays FROM plays GROUP BY dayname(started_at)
SELECT CAST(started_at AS DATE) AS day, count(DISTINCT listener_id) AS dau FROM plays GROUP BY 1 ORDER BY 1 DESC LIMIT 30
SELECT artist, title, released_on FROM tracks WHERE released_on >= '2026-01-01' AND genre <> 'podcast' ORDER BY released_on DESC, title
SELECT artist, count(*) AS tracks, min(released_on) AS first, max(released_on) AS latest FROM tracks GROUP BY artist HAVING count(*) > 10
SELECT genre, avg(seconds) AS mean, percentile(seconds, 0.5) AS middle FROM tracks GROUP BY genre
SELECT genre, approx_count_distinct(artist) AS artists FROM tracks GROUP BY genre
SELECT left(title, 1) AS letter, count(*) AS n FROM tracks GROUP BY left(title, 1) ORDER BY letter
SELECT title FROM tracks WHERE title LIKE '%love%' AND title NOT LIKE '%glove%'
SELECT title FROM tracks WHERE lower(title) RLIKE '^the .* (song|tune)$'
SELECT title, length(title) AS letters FROM tracks ORDER BY letters DESC LIMIT 5
SELECT replace(title, ' ', '_') AS slug FROM tracks
SELECT l.country, sum(p.amount) AS revenue FROM payments p JOIN listeners l ON l.listener_id = p.listener_id WHERE NOT p.refunded GROUP BY l.country ORDER BY revenue DESC
SELECT currency, sum(amount) AS total, count(*) AS n, avg(amount) AS mean FROM payments GROUP BY currency
SELECT date_trunc('month', paid_on) AS month, currency, sum(CASE WHEN refunded THEN -amount ELSE amount END) AS net FROM payments GROUP BY 1, 2
SELECT year(paid_on) AS y, month(paid_on) AS m, sum(amount) AS s, sum(sum(amount)) OVER (PARTITION BY year(paid_on) ORDER BY month(paid_on)) AS ytd FROM payments GROUP BY year(paid_on), month(paid_on) ORDER BY y, m
SELECT listener_id, sum(amount) AS paid, rank() OVER (ORDER BY sum(amount) DESC) AS place FROM payments GROUP BY listener_id ORDER BY place LIMIT 100
SELECT listener_id, max(paid_on) AS last_paid, datediff(DATE '2026-06-30', max(paid_on)) AS days FROM payments GROUP BY listener_id HAVING datediff(DATE '2026-06-30', max(paid_on)) > 60
SELECT plan, count(*) AS n, avg(datediff(coalesce(left_on, DATE '2026-06-30'), joined_on)) AS days FROM listeners GROUP BY plan
SELECT CASE WHEN age < 18 THEN 'under 18' WHEN age BETWEEN 18 AND 29 THEN '18-29' WHEN age BETWEEN 30 AND 49 THEN '30-49' ELSE '50+' END AS ages, count(*) AS n FROM listeners GROUP BY ages
SELECT l.plan, count(DISTINCT p.listener_id) / count(DISTINCT l.listener_id) AS active_share FROM listeners l LEFT JOIN plays p ON p.listener_id = l.listener_id AND p.started_at >= '2026-06-01' GROUP BY l.plan
SELECT l.listener_id FROM listeners l WHERE NOT EXISTS (SELECT 1 FROM plays p WHERE p.listener_id = l.listener_id)
SELECT t.title FROM tracks t LEFT JOIN plays p ON p.track_id = t.track_id WHERE p.play_id IS NULL
SELECT t.title, count(p.play_id) AS plays FROM tracks t LEFT JOIN plays p ON p.track_id = t.track_id GROUP BY t.track_id, t.title ORDER BY plays, t.title
SELECT a.track_id AS one, b.track_id AS other, count(DISTINCT a.listener_id) AS both_heard FROM plays a JOIN plays b ON a.listener_id = b.listener_id AND a.track_id < b.track_id GROUP BY a.track_id, b.track_id ORDER BY both_heard DESC LIMIT 20
SELECT track_id, count(*) AS n FROM plays WHERE started_at >= now() - INTERVAL 7 DAYS GROUP BY track_id
SELECT track_id, count(*) AS n FROM plays WHERE started_at BETWEEN TIMESTAMP '2026-06-01 00:00:00' AND TIMESTAMP '2026-06-07 23:59:59' GROUP BY track_id
SELECT track_id, n, lag(n) OVER (ORDER BY n DESC) - n AS behind FROM (SELECT track_id, count(*) AS n FROM plays GROUP BY track_id) x
SELECT genre, title, plays FROM (SELECT t.genre, t.title, count(*) AS plays, row_number() OVER (PARTITION BY t.genre ORDER BY count(*) DESC, t.title) AS rn FROM plays p JOIN tracks t ON t.track_id = p.track_id GROUP BY t.genre, t.title) x WHERE rn <= 5
SELECT genre, sum(plays) AS plays FROM (SELECT t.genre, 1 AS plays FROM plays p JOIN tracks t ON t.track_id = p.track_id) x GROUP BY genre
SELECT skipped, avg(p.seconds / nullif(t.seconds, 0)) AS heard FROM plays p JOIN tracks t ON t.track_id = p.track_id GROUP BY skipped
SELECT try_divide(sum(seconds), count(*)) AS mean FROM plays WHERE device = 'car'
SELECT country, plan, count(*) AS n FROM listeners GROUP BY country, plan WITH ROLLUP
SELECT coalesce(country, 'all') AS country, count(*) AS n FROM listeners GROUP BY GROUPING SETS ((country), ())
SELECT DISTINCT genre, artist FROM tracks ORDER BY genre, artist
SELECT count(*) AS n FROM (SELECT DISTINCT listener_id, device FROM plays)
SELECT listener_id, count(DISTINCT device) AS devices FROM plays GROUP BY listener_id HAVING count(DISTINCT device) > 2
SELECT listener_id FROM plays WHERE device = 'car' INTERSECT SELECT listener_id FROM plays WHERE device = 'phone'
SELECT listener_id, 'payer' AS kind FROM payments UNION SELECT listener_id, 'player' FROM plays
SELECT p.track_id, p.started_at, t.title, l.country FROM plays p, tracks t, listeners l WHERE p.track_id = t.track_id AND l.listener_id = p.listener_id AND l.country = 'DE' LIMIT 100
SELECT artist, seconds / 60 AS minutes, seconds % 60 AS rest FROM tracks
SELECT artist, CAST(seconds / 60 AS INT) AS minutes FROM tracks
SELECT title, seconds, seconds - avg(seconds) OVER (PARTITION BY genre) AS longer FROM tracks WHERE seconds IS NOT NULL
SELECT l.country, sum(p.seconds) AS seconds, dense_rank() OVER (ORDER BY sum(p.seconds) DESC) AS place FROM plays p JOIN listeners l ON l.listener_id = p.listener_id GROUP BY l.country QUALIFY place <= 10
SELECT month, plays, plays > lag(plays) OVER (ORDER BY month) AS grew FROM (SELECT date_trunc('month', started_at) AS month, count(*) AS plays FROM plays GROUP BY 1)
SELECT joined_on, count(*) AS joined, sum(count(*)) OVER (ORDER BY joined_on) AS total FROM listeners GROUP BY joined_on ORDER BY joined_on
SELECT concat_ws(' / ', artist, title) AS label FROM tracks WHERE artist IS NOT NULL
SELECT make_date(year(started_at), month(started_at), 1) AS month, count(*) AS n FROM plays GROUP BY 1
SELECT t.* EXCEPT (seconds), p.seconds AS played FROM tracks t JOIN plays p ON p.track_id = t.track_id WHERE p.skipped = false
SELECT sum(amount) AS a, sum(amount) * 0.19 AS tax, a - tax AS net FROM payments
SELECT sum(seconds) FILTER (WHERE NOT skipped) OVER (PARTITION BY listener_id ORDER BY started_at) AS heard, listener_id FROM plays
SELECT listener_id, min(started_at) AS first, max(started_at) AS last, timestampdiff(DAY, min(started_at), max(started_at)) AS days FROM plays GROUP BY listener_id
SELECT quarter(paid_on) AS q, sum(amount) AS s FROM payments WHERE year(paid_on) = 2026 GROUP BY quarter(paid_on) ORDER BY q
SELECT date_format(paid_on, 'yyyy-MM') AS month, sum(amount) AS s FROM payments GROUP BY 1 ORDER BY 1
SELECT next_day(paid_on, 'MON') AS week, sum(amount) AS s FROM payments GROUP BY 1
