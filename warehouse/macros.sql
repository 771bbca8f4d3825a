-- A parameter of the method by its name; an unknown name is an error, not a blank.
create or replace macro method.parameter(parameter_name) as (
    select
        case
            when count(*) = 1 then any_value(p."value")
            else error('no parameter ' || parameter_name)
        end
    from method.parameters as p
    where p.name = parameter_name
);

-- Decimal with 15 places: sums of these do not depend on their order.
create or replace macro method.exact(number) as cast(number as decimal(38, 15));

-- The scale's ends; a blank stays a blank.
create or replace macro method.bounded(points) as
case when points is not null then greatest(0, least(100, points)) end;

-- A score as published: one decimal.
create or replace macro method.published(points) as
cast(method.bounded(points) as decimal(4, 1));

-- The band of a score. A list of all bands, since a subquery that looks at the score would keep filters
-- on days and suppliers from reaching the tables below it.
create or replace macro method.band(score) as list_extract(
    list_filter(
        (
            select list({ 'lower': b.lower_score, 'band_id': b.band_id } order by b.lower_score)
            from method.bands as b
        ),
        lambda band: band.lower <= score
    ),
    -1
).band_id;

-- Standard deviations from the middle to either end of an 80 % interval of a normal distribution.
create or replace macro method.interval_half_width() as 1.2815515655446004;

-- Share of a normal distribution below z standard deviations, to 0.0002 (Page's approximation).
create or replace macro method.normal_share(z) as
1 / (1 + exp(-z * (1.5976 + 0.070565992 * z * z)));

-- Where the given share of a mixture of normal distributions lies below, to 0.0002 points, by halving
-- steps; `parts` are structs of weight, middle and variance, to which `added_variance` is added.
create or replace macro method.mixture_end(parts, added_variance, share_below) as list_reduce( -- noqa: PRS
    list_transform(range(20), lambda halvings: 64 * pow(2, -halvings)),
    lambda place, step: place + case
        when
            list_sum(list_transform(
                parts,
                lambda part: part.weight * method.normal_share(
                    (place - part.middle) / sqrt(part.variance + added_variance)
                )
            )) < share_below
            then step
        else -step
    end,
    cast(0 as double)
);

-- A vendor's name for comparing: without legal form, punctuation and case.
create or replace macro method.vendor_key(vendor) as regexp_replace(
    regexp_replace(
        replace(lower(strip_accents(vendor)), '_', ' '),
        '\b(inc|incorporated|corp|corporation|ltd|limited|gmbh|ag|llc|company|plc|sa|se|nv|bv|ab)\b',
        '', 'g'
    ),
    '[^a-z0-9]+', '', 'g'
);

-- Names of a product for comparing: the whole, and each part of "Acrobat and Reader" or "Controller (ADC)",
-- without the vendor before and the word firmware behind.
create or replace macro method.product_keys(vendor, product) as list_sort(list_distinct(list_filter(
    list_transform(
        list_concat(
            [replace(lower(strip_accents(product)), '_', ' ')],
            string_split_regex(
                replace(lower(strip_accents(product)), '_', ' '),
                '\s*[(),;/]\s*((and|or)\s+)?|\s+(and|or)\s+'
            )
        ),
        lambda name: regexp_replace(
            regexp_replace(
                regexp_replace(
                    trim(name), '\s+(firmware|software|family|series|devices?|appliances?)$', ''
                ),
                '[^a-z0-9]+', '', 'g'
            ),
            '^' || method.vendor_key(vendor) || '(.)', '\1'
        )
    ),
    lambda name: length(name) > 1
)));

-- A version for comparing, as a list of numbers without zeros at its end (a letter behind the last one
-- counts as a part of it); blank where it has other parts.
create or replace macro method.version_key(version) as case
    when regexp_full_match(lower(trim(version)), 'v?\d{1,15}([._ -]\d{1,15})*')
        then list_transform(
            regexp_extract_all(regexp_replace(lower(trim(version)), '([._ -]0+)+$', ''), '\d+'),
            lambda part: 27 * cast(part as bigint)
        )
    when regexp_full_match(lower(trim(version)), 'v?\d{1,15}([._ -]\d{1,15})*[a-z]')
        then list_transform(
            regexp_extract_all(lower(trim(version)), '\d+[a-z]?'),
            lambda part: 27 * cast(regexp_extract(part, '\d+') as bigint)
            + greatest(0, ascii(right(part, 1)) - 96)
        )
end;

-- Vendor, product and version of a CPE name, 2.3 or 2.2.
create or replace macro method.cpe_parts(cpe) as string_split(
    regexp_replace(replace(replace(cpe, '\:', ' '), '\', ''), '^cpe:(2\.3:[aho]|/[aho]):', ''), ':'
);
