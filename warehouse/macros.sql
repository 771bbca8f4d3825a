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

-- The scale's ends.
create or replace macro method.bounded(points) as greatest(0, least(100, points));
