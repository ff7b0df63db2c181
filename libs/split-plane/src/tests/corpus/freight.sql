-- relation shipments(shipment_id string, carrier_id integer, origin string, destination string, booked_at timestamp, delivered_at timestamp, due_on date, weight_kg float, price decimal, status string, express boolean)
-- relation carriers(carrier_id integer, name string, country string, rating float, active boolean)
-- relation depots(depot_code string, region string, opened_on date, capacity integer)
-- relation claims(claim_id integer, shipment_id string, filed_on date, reason string, amount decimal, accepted boolean)
SELECT sum(price) AS revenue FROM shipments WHERE status = 'delivered'
SELECT origin, destination, count(*) AS n, sum(price) AS revenue FROM shipments GROUP BY origin, destination ORDER BY revenue DESC LIMIT 20
SELECT c.name, count(*) AS shipments, sum(s.weight_kg) AS kilos FROM shipments s JOIN carriers c ON c.carrier_id = s.carrier_id WHERE c.active GROUP BY c.name ORDER BY kilos DESC
SELECT d.region, sum(s.price) AS revenue FROM shipments s JOIN depots d ON d.depot_code = s.origin GROUP BY d.region
SELECT o.region AS from_region, t.region AS to_region, count(*) AS n FROM shipments s JOIN depots o ON o.depot_code = s.origin JOIN depots t ON t.depot_code = s.destination GROUP BY o.region, t.region
SELECT date_trunc('week', booked_at) AS week, count(*) AS n FROM shipments GROUP BY 1 ORDER BY 1
SELECT date_trunc('QUARTER', booked_at) AS q, sum(price) AS revenue, sum(price) / count(*) AS per_shipment FROM shipments GROUP BY ALL ORDER BY q
SELECT CAST(booked_at AS DATE) AS day, count(*) AS n FROM shipments GROUP BY CAST(booked_at AS DATE)
SELECT to_date(booked_at) AS day, sum(price) AS revenue FROM shipments WHERE booked_at >= '2026-05-01' AND booked_at < '2026-06-01' GROUP BY to_date(booked_at) ORDER BY day
SELECT count(*) AS late FROM shipments WHERE CAST(delivered_at AS DATE) > due_on
SELECT c.country, 100 * count_if(CAST(s.delivered_at AS DATE) <= s.due_on) / count(*) AS on_time FROM shipments s JOIN carriers c ON c.carrier_id = s.carrier_id WHERE s.delivered_at IS NOT NULL GROUP BY c.country
SELECT carrier_id, avg(datediff(HOUR, booked_at, delivered_at)) AS hours FROM shipments GROUP BY carrier_id HAVING count(*) >= 30
SELECT carrier_id, percentile_cont(0.95) WITHIN GROUP (ORDER BY timestampdiff(HOUR, booked_at, delivered_at)) AS p95 FROM shipments GROUP BY carrier_id
SELECT percentile_approx(weight_kg, 0.5) AS middle FROM shipments
SELECT origin, max(weight_kg) AS heaviest, min(weight_kg) AS lightest FROM shipments GROUP BY origin
SELECT shipment_id, weight_kg FROM shipments ORDER BY weight_kg DESC NULLS LAST LIMIT 10
SELECT shipment_id, origin, destination, price FROM shipments WHERE origin = 'ROT' AND destination IN ('HAM', 'ANR', 'LEH') AND price > 500
SELECT status, count(*) AS n FROM shipments GROUP BY status ORDER BY n DESC
SELECT express, avg(price / nullif(weight_kg, 0)) AS per_kilo FROM shipments GROUP BY express
SELECT if(express, 'express', 'standard') AS service, sum(price) AS revenue FROM shipments GROUP BY if(express, 'express', 'standard')
SELECT nvl(status, 'unknown') AS status, count(*) AS n FROM shipments GROUP BY 1
SELECT reason, count(*) AS claims, sum(amount) AS claimed, sum(amount) FILTER (WHERE accepted) AS granted FROM claims GROUP BY reason ORDER BY claims DESC
SELECT c.name, count(DISTINCT cl.claim_id) AS claims, count(DISTINCT s.shipment_id) AS shipments, count(DISTINCT cl.claim_id) / count(DISTINCT s.shipment_id) AS rate FROM shipments s LEFT JOIN claims cl ON cl.shipment_id = s.shipment_id JOIN carriers c ON c.carrier_id = s.carrier_id GROUP BY c.name ORDER BY rate DESC
WITH claimed AS (SELECT shipment_id, sum(amount) AS amount FROM claims WHERE accepted GROUP BY shipment_id) SELECT s.carrier_id, sum(coalesce(cl.amount, 0)) AS paid_out, sum(s.price) AS revenue FROM shipments s LEFT JOIN claimed cl USING (shipment_id) GROUP BY s.carrier_id
WITH lanes AS (SELECT origin, destination, sum(price) AS revenue FROM shipments GROUP BY origin, destination), ranked AS (SELECT origin, destination, revenue, dense_rank() OVER (PARTITION BY origin ORDER BY revenue DESC) AS place FROM lanes) SELECT origin, destination, revenue FROM ranked WHERE place <= 3 ORDER BY origin, place
WITH base AS (SELECT carrier_id, date_trunc('month', booked_at) AS month, sum(price) AS revenue FROM shipments GROUP BY 1, 2) SELECT carrier_id, month, revenue, lag(revenue, 12) OVER (PARTITION BY carrier_id ORDER BY month) AS year_before FROM base
WITH base AS (SELECT month(booked_at) AS m, year(booked_at) AS y, price FROM shipments) SELECT m, sum(CASE WHEN y = 2025 THEN price END) AS before, sum(CASE WHEN y = 2026 THEN price END) AS now FROM base GROUP BY m ORDER BY m
SELECT m, now - before AS difference FROM (SELECT month(booked_at) AS m, sum(price) FILTER (WHERE year(booked_at) = 2025) AS before, sum(price) FILTER (WHERE year(booked_at) = 2026) AS now FROM shipments GROUP BY month(booked_at)) t
SELECT shipment_id, price, avg(price) OVER (PARTITION BY origin) AS mean, price - avg(price) OVER (PARTITION BY origin) AS above FROM shipments
SELECT day, revenue, avg(revenue) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS smooth FROM (SELECT to_date(booked_at) AS day, sum(price) AS revenue FROM shipments GROUP BY 1) ORDER BY day
SELECT carrier_id, month, revenue, first_value(revenue) OVER w AS first, last_value(revenue) OVER (PARTITION BY carrier_id ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last FROM (SELECT carrier_id, date_trunc('month', booked_at) AS month, sum(price) AS revenue FROM shipments GROUP BY 1, 2) x WINDOW w AS (PARTITION BY carrier_id ORDER BY month)
SELECT ntile(10) OVER (ORDER BY price) AS tenth, shipment_id, price FROM shipments
SELECT tenth, min(price) AS lowest, max(price) AS highest, count(*) AS n FROM (SELECT price, ntile(10) OVER (ORDER BY price) AS tenth FROM shipments) GROUP BY tenth ORDER BY tenth
SELECT origin, sum(price) AS revenue, sum(price) / sum(sum(price)) OVER () AS share, sum(sum(price)) OVER (ORDER BY sum(price) DESC) AS running FROM shipments GROUP BY origin
SELECT name, rating, rank() OVER (ORDER BY rating DESC NULLS LAST) AS place FROM carriers WHERE active
SELECT country, any_value(name) AS example, count(*) AS n FROM carriers GROUP BY country
SELECT country, string_agg(name, '; ') AS names FROM carriers GROUP BY country
SELECT country, collect_list(name) AS names FROM carriers GROUP BY country
SELECT region, count(*) AS depots, sum(capacity) AS capacity FROM depots WHERE opened_on <= '2026-01-01' GROUP BY region
SELECT region, depot_code, capacity, 100.0 * capacity / sum(capacity) OVER (PARTITION BY region) AS pct FROM depots
SELECT d.depot_code, d.capacity, count(s.shipment_id) AS shipped FROM depots d LEFT JOIN shipments s ON s.origin = d.depot_code AND s.booked_at >= TIMESTAMP '2026-01-01 00:00:00' GROUP BY d.depot_code, d.capacity ORDER BY shipped
SELECT depot_code FROM depots MINUS SELECT origin FROM shipments
SELECT origin FROM shipments INTERSECT SELECT destination FROM shipments
SELECT depot_code, months_between(DATE '2026-06-30', opened_on) AS months FROM depots ORDER BY months DESC
SELECT shipment_id FROM shipments WHERE price > (SELECT 3 * avg(price) FROM shipments)
SELECT s.shipment_id FROM shipments s WHERE s.price > (SELECT avg(p.price) FROM shipments p WHERE p.origin = s.origin)
SELECT s.origin, count(*) AS n FROM shipments s WHERE s.carrier_id IN (SELECT carrier_id FROM carriers WHERE country = 'NL') GROUP BY s.origin
SELECT s.origin, a.mean FROM shipments s CROSS JOIN (SELECT avg(price) AS mean FROM shipments) a WHERE s.price > a.mean
SELECT concat(origin, '-', destination) AS lane, count(*) AS n FROM shipments GROUP BY concat(origin, '-', destination)
SELECT origin || '>' || destination AS lane, round(avg(weight_kg), 1) AS kilos FROM shipments GROUP BY 1 HAVING count(*) > 5 ORDER BY 2 DESC
SELECT lower(reason) AS reason, count(*) AS n FROM claims WHERE reason LIKE '%damage%' GROUP BY lower(reason)
SELECT initcap(reason) AS reason, sum(amount) AS total FROM claims GROUP BY initcap(reason)
SELECT cl.filed_on, cl.amount, s.origin FROM claims cl JOIN shipments s ON s.shipment_id = cl.shipment_id WHERE cl.filed_on >= date_sub(DATE '2026-06-30', 90)
SELECT datediff(cl.filed_on, CAST(s.delivered_at AS DATE)) AS days, count(*) AS n FROM claims cl JOIN shipments s ON s.shipment_id = cl.shipment_id GROUP BY 1 ORDER BY 1
SELECT weekofyear(booked_at) AS w, count(*) AS n FROM shipments WHERE year(booked_at) = 2026 GROUP BY weekofyear(booked_at) ORDER BY w
SELECT CASE WHEN weight_kg < 10 THEN '0-10' WHEN weight_kg < 100 THEN '10-100' ELSE '100+' END AS band, avg(price) AS price FROM shipments GROUP BY CASE WHEN weight_kg < 10 THEN '0-10' WHEN weight_kg < 100 THEN '10-100' ELSE '100+' END
SELECT CASE dayofweek(booked_at) WHEN 1 THEN 'Sun' WHEN 7 THEN 'Sat' ELSE 'weekday' END AS kind, count(*) AS n FROM shipments GROUP BY 1
SELECT corr(weight_kg, price) AS relation FROM shipments
SELECT var_pop(weight_kg) AS v, stddev_samp(weight_kg) AS s FROM shipments WHERE express
SELECT sum(price) AS revenue, sum(weight_kg) AS kilos, sum(price) / sum(weight_kg) AS per_kilo FROM shipments
SELECT bool_or(express) AS any_express, every(express) AS all_express, carrier_id FROM shipments GROUP BY carrier_id
SELECT carrier_id, max_by(shipment_id, price) AS dearest FROM shipments GROUP BY carrier_id
SELECT carrier_id, shipment_id, price FROM shipments QUALIFY row_number() OVER (PARTITION BY carrier_id ORDER BY price DESC) = 1
SELECT count(*) AS n FROM shipments WHERE delivered_at > booked_at + INTERVAL '48' HOUR
SELECT s.carrier_id, s.shipment_id, n.shipment_id AS next_one FROM shipments s JOIN shipments n ON n.carrier_id = s.carrier_id AND n.booked_at > s.booked_at AND n.booked_at <= s.booked_at + INTERVAL 1 HOUR
SELECT round(price, -2) AS bucket, count(*) AS n FROM shipments GROUP BY round(price, -2) ORDER BY bucket
SELECT floor(weight_kg / 50) * 50 AS bucket, count(*) AS n FROM shipments GROUP BY 1 ORDER BY 1
SELECT greatest(price, 100) AS billed, least(weight_kg, 1000) AS kilos FROM shipments
SELECT * FROM (SELECT status, carrier_id FROM shipments) PIVOT (count(*) FOR status IN ('delivered', 'lost'))
SELECT carrier_id, count(*) FILTER (WHERE status = 'delivered') AS delivered, count(*) FILTER (WHERE status = 'lost') AS lost FROM shipments GROUP BY carrier_id
