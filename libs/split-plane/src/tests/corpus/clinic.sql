-- relation visits(visit_id integer, patient_id integer, doctor_id integer, ward string, arrived_at timestamp, left_at timestamp, visited_on date, urgent boolean, charge decimal, notes string)
-- relation patients(patient_id integer, born_on date, sex string, city string, insurer string)
-- relation doctors(doctor_id integer, full_name string, specialty string, hired_on date)
-- relation invoices(invoice_id integer, visit_id integer, issued_on date, paid_on date, amount decimal, tax_rate float, status string)
SELECT count(*) AS visits FROM visits
SELECT count(DISTINCT patient_id) AS patients FROM visits WHERE visited_on >= '2026-01-01'
SELECT ward, count(*) AS visits FROM visits GROUP BY ward ORDER BY visits DESC
SELECT ward, count(*) AS visits, sum(charge) AS charged, avg(charge) AS average FROM visits GROUP BY ward ORDER BY charged DESC LIMIT 10
SELECT date_trunc('month', visited_on) AS month, sum(charge) AS charged FROM visits GROUP BY date_trunc('month', visited_on) ORDER BY month
SELECT year(visited_on) AS y, quarter(visited_on) AS q, count(*) AS n FROM visits GROUP BY 1, 2 ORDER BY 1, 2
SELECT d.full_name, count(*) AS visits FROM visits v JOIN doctors d ON v.doctor_id = d.doctor_id GROUP BY d.full_name ORDER BY visits DESC LIMIT 5
SELECT d.specialty, avg(v.charge) AS average_charge FROM visits v INNER JOIN doctors d USING (doctor_id) GROUP BY d.specialty HAVING avg(v.charge) > 100
SELECT p.city, p.insurer, count(*) AS n FROM patients p GROUP BY p.city, p.insurer ORDER BY p.city, n DESC
SELECT p.city, sum(i.amount) AS paid FROM invoices i JOIN visits v ON i.visit_id = v.visit_id JOIN patients p ON p.patient_id = v.patient_id WHERE i.status = 'paid' GROUP BY p.city
SELECT status, count(*) AS n, sum(amount) AS total FROM invoices WHERE issued_on BETWEEN '2026-01-01' AND '2026-03-31' GROUP BY status
SELECT avg(datediff(paid_on, issued_on)) AS days_to_pay FROM invoices WHERE paid_on IS NOT NULL
SELECT avg(timestampdiff(MINUTE, arrived_at, left_at)) AS minutes FROM visits
SELECT ward, avg(timestampdiff(HOUR, arrived_at, left_at)) AS hours FROM visits GROUP BY ward
SELECT percentile(charge, 0.5) AS middle, percentile(charge, 0.9) AS high FROM visits
SELECT ward, percentile_cont(0.5) WITHIN GROUP (ORDER BY charge) AS middle FROM visits GROUP BY ward
SELECT ward, median(charge) AS middle FROM visits GROUP BY ward ORDER BY ward
SELECT count(*) FILTER (WHERE urgent) AS urgent, count(*) AS all_visits FROM visits
SELECT ward, 100.0 * count(*) FILTER (WHERE urgent) / count(*) AS urgent_share FROM visits GROUP BY ward
SELECT ward, round(100.0 * sum(CASE WHEN urgent THEN 1 ELSE 0 END) / count(*), 1) AS pct FROM visits GROUP BY ward ORDER BY pct DESC
SELECT CASE WHEN charge < 50 THEN 'low' WHEN charge < 200 THEN 'middle' ELSE 'high' END AS band, count(*) AS n FROM visits GROUP BY 1
SELECT patient_id, visited_on, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on) AS nth FROM visits
SELECT * FROM (SELECT patient_id, visited_on, charge, row_number() OVER (PARTITION BY patient_id ORDER BY charge DESC) AS rn FROM visits) t WHERE rn = 1
SELECT patient_id, visited_on, lag(visited_on) OVER (PARTITION BY patient_id ORDER BY visited_on) AS before FROM visits
SELECT patient_id, datediff(visited_on, lag(visited_on) OVER (PARTITION BY patient_id ORDER BY visited_on)) AS gap FROM visits
WITH firsts AS (SELECT patient_id, min(visited_on) AS first_visit FROM visits GROUP BY patient_id) SELECT date_trunc('month', first_visit) AS cohort, count(*) AS patients FROM firsts GROUP BY 1 ORDER BY 1
WITH monthly AS (SELECT date_trunc('month', visited_on) AS m, sum(charge) AS s FROM visits GROUP BY 1) SELECT m, s, s - lag(s) OVER (ORDER BY m) AS change, round(100 * (s / nullif(lag(s) OVER (ORDER BY m), 0) - 1), 1) AS pct FROM monthly ORDER BY m
WITH monthly AS (SELECT date_trunc('month', issued_on) AS m, sum(amount) AS s FROM invoices GROUP BY 1) SELECT m, s, sum(s) OVER (ORDER BY m) AS running FROM monthly ORDER BY m
SELECT ward, visited_on, sum(charge) OVER w AS running, avg(charge) OVER w AS mean FROM visits WINDOW w AS (PARTITION BY ward ORDER BY visited_on ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)
SELECT doctor_id, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS place FROM visits GROUP BY doctor_id
SELECT doctor_id, n, n / sum(n) OVER () AS share FROM (SELECT doctor_id, count(*) AS n FROM visits GROUP BY doctor_id)
SELECT dayofweek(visited_on) AS d, count(*) AS n FROM visits GROUP BY dayofweek(visited_on) ORDER BY d
SELECT date_format(visited_on, 'EEEE') AS weekday, count(*) AS n FROM visits GROUP BY 1
SELECT hour(arrived_at) AS h, count(*) AS n FROM visits GROUP BY hour(arrived_at) ORDER BY h
SELECT EXTRACT(HOUR FROM arrived_at) AS h, EXTRACT(DOW FROM arrived_at) AS d, count(*) AS n FROM visits GROUP BY 1, 2
SELECT floor(months_between(DATE '2026-06-30', born_on) / 12) AS age, count(*) AS n FROM patients GROUP BY 1 ORDER BY 1
SELECT floor(datediff(DATE '2026-06-30', born_on) / 365.25) AS age, count(*) AS n FROM patients GROUP BY 1
SELECT timestampdiff(YEAR, born_on, DATE '2026-06-30') AS age, count(*) AS n FROM patients GROUP BY 1 ORDER BY 1
SELECT p.sex, count(DISTINCT v.patient_id) AS patients, count(*) AS visits, count(*) / count(DISTINCT v.patient_id) AS per_patient FROM visits v LEFT JOIN patients p ON p.patient_id = v.patient_id GROUP BY p.sex
SELECT patient_id FROM patients WHERE patient_id NOT IN (SELECT patient_id FROM visits WHERE patient_id IS NOT NULL)
SELECT p.patient_id, p.city FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id WHERE v.visit_id IS NULL
SELECT p.patient_id FROM patients p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.visited_on >= '2026-01-01')
SELECT p.patient_id FROM patients p LEFT ANTI JOIN visits v ON v.patient_id = p.patient_id
SELECT upper(trim(city)) AS town, count(*) AS n FROM patients GROUP BY upper(trim(city))
SELECT coalesce(insurer, 'none') AS insurer, count(*) AS n FROM patients GROUP BY coalesce(insurer, 'none') ORDER BY n DESC
SELECT insurer, count(*) AS n FROM patients WHERE insurer LIKE 'Blue%' OR insurer ILIKE '%health%' GROUP BY insurer
SELECT status, sum(amount * (1 + tax_rate)) AS gross FROM invoices GROUP BY status
SELECT round(sum(amount), 2) AS net, round(sum(amount * tax_rate), 2) AS tax, round(sum(amount + amount * tax_rate), 2) AS gross FROM invoices
SELECT invoice_id, amount, paid_on, CASE WHEN paid_on IS NULL THEN 'open' WHEN paid_on > date_add(issued_on, 30) THEN 'late' ELSE 'in time' END AS standing FROM invoices
SELECT count_if(paid_on IS NULL) AS open, count_if(paid_on > issued_on + INTERVAL 30 DAYS) AS late FROM invoices
SELECT count_if(paid_on IS NULL AND issued_on < current_date() - 30) AS overdue FROM invoices
SELECT last_day(issued_on) AS month_end, sum(amount) AS total FROM invoices GROUP BY last_day(issued_on)
SELECT ward, specialty, count(*) AS n FROM visits JOIN doctors USING (doctor_id) GROUP BY ROLLUP (ward, specialty)
SELECT ward, urgent, count(*) AS n FROM visits GROUP BY GROUPING SETS ((ward, urgent), (ward), ())
SELECT ward, urgent, grouping(ward) AS g, count(*) AS n FROM visits GROUP BY CUBE (ward, urgent)
SELECT ward FROM visits EXCEPT SELECT ward FROM visits WHERE urgent
SELECT 'visits' AS what, count(*) AS n FROM visits UNION ALL SELECT 'invoices', count(*) FROM invoices
SELECT v.*, i.amount FROM visits v JOIN invoices i ON i.visit_id = v.visit_id WHERE i.amount > 1000
SELECT * FROM visits v JOIN invoices i ON i.visit_id = v.visit_id LIMIT 20
SELECT * EXCEPT (notes) FROM visits WHERE ward = 'East' ORDER BY arrived_at DESC LIMIT 50
SELECT doctor_id, full_name, hired_on FROM doctors WHERE hired_on < add_months(DATE '2026-06-30', -60) ORDER BY hired_on
SELECT specialty, listagg(full_name, ', ') WITHIN GROUP (ORDER BY full_name) AS names FROM doctors GROUP BY specialty
SELECT ward, count(DISTINCT patient_id, visited_on) AS patient_days FROM visits GROUP BY ward
SELECT ward, stddev(charge) AS spread, min(charge) AS least, max(charge) AS most FROM visits GROUP BY ward
SELECT charge AS c, charge * 0.2 AS tax, c + tax AS gross FROM visits
SELECT visited_on, count(*) AS n FROM visits GROUP BY visited_on QUALIFY n > avg(count(*)) OVER ()
SELECT ward, sum(charge) AS s FROM visits GROUP BY ward QUALIFY rank() OVER (ORDER BY sum(charge) DESC) <= 3
SELECT split_part(notes, ':', 1) AS topic, count(*) AS n FROM visits GROUP BY 1 ORDER BY n DESC LIMIT 10
SELECT substring(notes, 1, 20) AS beginning, length(notes) AS letters FROM visits WHERE notes IS NOT NULL
SELECT count(*) AS n FROM visits WHERE regexp_like(notes, '^[A-Z]{3}[0-9]+')
SELECT ward, try_divide(sum(charge), count_if(urgent)) AS per_urgent FROM visits GROUP BY ward
SELECT d.full_name, sum(v.charge) AS total, sum(sum(v.charge)) OVER (PARTITION BY d.specialty) AS of_specialty FROM visits v JOIN doctors d ON d.doctor_id = v.doctor_id GROUP BY d.full_name, d.specialty
