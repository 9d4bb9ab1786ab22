"""The ranking step alone, for benchmarks/search.py: by clipweb's index and by others, on the same vectors.

    python -m benchmarks.search_peers KIND VECTORS QUERIES SIZE

Each runs in a process of its own, because usearch and faiss do not get along in one. Graphs are built and
walked as wide as clipweb lets pgvector do it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BEST = 50
ROUNDS = 3
CHUNK = 1000  # rows sent to PostgreSQL at once
Search = Callable[[np.ndarray], Any]  # a query, (D,) → rows of the best 50


def clipweb(vectors: np.ndarray) -> Search:
    from gallery.index.exact import _by_score

    numbers = np.arange(len(vectors))
    return lambda query: _by_score(vectors @ query, numbers, BEST)[:BEST]


def faiss_flat(vectors: np.ndarray) -> Search:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda query: index.search(query[None], BEST)[1][0]


def faiss_hnsw(vectors: np.ndarray) -> Search:
    import faiss

    from gallery.index.pgvector import BUILD_WIDTH, NEIGHBOURS, SEARCH_WIDTH

    index = faiss.IndexHNSWFlat(vectors.shape[1], NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = BUILD_WIDTH, SEARCH_WIDTH
    index.add(vectors)
    return lambda query: index.search(query[None], BEST)[1][0]


def usearch_exact(vectors: np.ndarray) -> Search:
    from usearch.index import MetricKind, search

    return lambda query: search(vectors, query, BEST, MetricKind.IP, exact=True).keys


def usearch_hnsw(vectors: np.ndarray) -> Search:
    from usearch.index import Index

    from gallery.index.pgvector import BUILD_WIDTH, NEIGHBOURS, SEARCH_WIDTH

    index = Index(
        ndim=vectors.shape[1],
        metric="ip",
        dtype="f32",
        connectivity=NEIGHBOURS,
        expansion_add=BUILD_WIDTH,
        expansion_search=SEARCH_WIDTH,
    )
    index.add(np.arange(len(vectors)), vectors)
    return lambda query: index.search(query, BEST).keys


def pgvector_exact(vectors: np.ndarray) -> Search:
    return _pgvector(vectors, graph=False)


def pgvector_hnsw(vectors: np.ndarray) -> Search:
    return _pgvector(vectors, graph=True)


KINDS: dict[str, Callable[[np.ndarray], Search]] = {
    "clipweb": clipweb,
    "faiss flat": faiss_flat,
    "usearch exact": usearch_exact,
    "pgvector exact": pgvector_exact,
    "faiss HNSW": faiss_hnsw,
    "usearch HNSW": usearch_hnsw,
    "pgvector HNSW": pgvector_hnsw,
}


def _pgvector(vectors: np.ndarray, *, graph: bool) -> Search:
    import psycopg

    from gallery.index.pgvector import BUILD_WIDTH, NEIGHBOURS, SEARCH_WIDTH

    dim = vectors.shape[1]
    database = psycopg.connect(os.environ["PEER_DATABASE"], autocommit=True)
    database.execute("CREATE EXTENSION IF NOT EXISTS vector")
    database.execute("DROP TABLE IF EXISTS vectors")
    database.execute(f"CREATE TABLE vectors (id integer PRIMARY KEY, dense vector({dim}))")
    with database.cursor().copy("COPY vectors FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for start in range(0, len(vectors), CHUNK):
            copy.write(_tuples(vectors[start : start + CHUNK], start))
        copy.write(b"\xff\xff")
    database.execute("SET maintenance_work_mem = '2GB'")
    if graph:
        database.execute(
            f"CREATE INDEX ON vectors USING hnsw ((dense::halfvec({dim})) halfvec_ip_ops)"
            f" WITH (m = {NEIGHBOURS}, ef_construction = {BUILD_WIDTH})"
        )
        database.execute(f"SET hnsw.ef_search = {SEARCH_WIDTH}")
    database.execute("ANALYZE vectors")
    order = f"dense::halfvec({dim}) <#> %s::halfvec({dim})" if graph else "dense <#> %s::vector"
    sql = f"SELECT id FROM vectors ORDER BY {order} LIMIT {BEST}"
    return lambda query: [row[0] for row in database.execute(sql, [_literal(query)])]


def _tuples(vectors: np.ndarray, first: int) -> bytes:
    """Rows as PostgreSQL's binary COPY takes them, which are read ten times as fast as texts: the number of
    fields, and before each its length in bytes; a vector is its dimensions, two bytes of nothing, numbers."""
    dim = vectors.shape[1]
    layout = [("fields", ">i2"), ("id_size", ">i4"), ("id", ">i4"), ("size", ">i4"), ("dim", ">i2")]
    rows = np.zeros(len(vectors), [*layout, ("unused", ">i2"), ("numbers", ">f4", (dim,))])
    rows["fields"], rows["id_size"], rows["size"], rows["dim"] = 2, 4, 4 + 4 * dim, dim
    rows["id"] = np.arange(first, first + len(vectors))
    rows["numbers"] = vectors
    return rows.tobytes()


def _literal(vector: np.ndarray) -> str:
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def main(kind: str, vectors_file: Path, queries_file: Path, size: int) -> None:
    import django

    django.setup(set_prefix=False)
    vectors = np.ascontiguousarray(np.load(vectors_file, mmap_mode="r")[:size])
    queries = np.load(queries_file)
    started = time.perf_counter()
    search = KINDS[kind](vectors)
    built = time.perf_counter() - started
    recalls, seconds = [], []
    for query in queries:
        scores = vectors @ query
        best = np.argpartition(-scores, BEST)[:BEST]
        found = np.asarray(list(search(query)), np.int64)  # also warms up
        recalls.append(float((scores[found] >= scores[best].min() - 1e-6).sum()) / BEST)
    for query in np.tile(queries, (ROUNDS, 1)):
        started = time.perf_counter()
        search(query)
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"built": built, "seconds": seconds, "recall": float(np.mean(recalls))}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
