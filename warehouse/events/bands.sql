-- Hashes by which look-alikes find each other (locality-sensitive hashing), for the reports of
-- temp.chosen_reports: eight of the title's words, up to twelve of the text's pairs of words.
with title_words as (
    select
        report_id,
        unnest(list_distinct(regexp_extract_all(lower(title), '[\pL\pN]+'))) as word
    from temp.chosen_reports
),

title_minima as (
    select words.report_id, places.band, places.place, min(hash(places.place, words.word)) as lowest
    from title_words as words
    cross join (select place, place // 3 as band from range(24) as places (place)) as places
    group by all
),

title_bands as (
    select report_id, hash('title', band, list(lowest order by place)) as band
    from title_minima
    group by report_id, band
),

body_words as (
    select report_id, regexp_extract_all(lower(body), '[\pL\pN]+') as words
    from temp.chosen_reports
),

body_pairs as (
    select
        report_id,
        unnest(list_transform(
            range(1, len(words)), lambda place: hash(words[place], words[place + 1])
        )) as pair
    from body_words
),

body_minima as (
    select report_id, pair % 24 as place, min(pair // 24) as lowest
    from body_pairs
    group by all
),

body_bands as (
    select report_id, hash('body', place // 2, list(lowest order by place)) as band
    from body_minima
    group by report_id, place // 2
    having count(*) = 2
)

select report_id, list(band order by band) as bands
from (
    select * from title_bands
    union all
    select * from body_bands
)
group by report_id
