"""Bulk import of branches: CSV or GeoJSON, of any size, idempotent by the chain's own store id.

``upload`` keeps the file on disk, ``csv_rows`` and ``geojson_rows`` read it row by row, ``cells``
turns a row into what it says of a branch, ``applying`` compares and writes in batches, ``report``
tells what came of it.
"""
