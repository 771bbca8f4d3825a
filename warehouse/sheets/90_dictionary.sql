-- sheet: Dictionary
-- workbooks: day range
-- title: What each column means
-- note: One row for each column of this workbook.
-- question: What does a column mean?
-- tab: reference
-- page: landscape
-- freeze: C
--
-- filtered_table: Dictionary
-- | sheet | Sheet | 14 | text | Sheet of this workbook | Never blank |
-- | header | Column | 44 | text | Header of the column | Never blank |
-- | meaning | Meaning | 76 | prose | What it holds | Never blank |
-- | unit | Unit | 20 | text | Unit of its values | Never blank |
-- | value_range | Range | 18 | text | Values that it can take | Not bounded |
-- | blank | Blank means | 44 | prose | Why a cell can be empty | Never blank |
-- | file | File | 18 | text | Name of the same table as CSV and Parquet | Never blank |
-- | field | Field | 18 | text | Name of the column in those files | Never blank |
select
    sheet,
    header,
    meaning,
    unit,
    nullif(value_range, '') as value_range,
    blank,
    file,
    field
from declared_columns
order by sheet_place, place;
