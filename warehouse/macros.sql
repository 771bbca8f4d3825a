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

-- The band of a score.
create or replace macro method.band(score) as (
    select max_by(b.band_id, b.lower_score)
    from method.bands as b
    where b.lower_score <= score
);

-- Standard deviations from the middle to either end of an 80 % interval of a normal distribution.
create or replace macro method.interval_half_width() as 1.2815515655446004;
