"""The reads of Xporter that are made from a table: what their sets are called, and what stands in them.

`reads.json` holds names only; `fact` reads it, `seed` says which rows there are, `special` those of days and results,
`value` what stands in a column, `row` puts them together, `serve` answers. Next: `fact`.
"""
