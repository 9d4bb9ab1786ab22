"""One size of benchmarks/search.py, in a process of its own like the web process: whole requests, memory.

python -m benchmarks.search_request SIZE ROUNDS
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search_library import QUERIES


def main(size: int, rounds: int) -> None:
    import django

    django.setup(set_prefix=False)
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from gallery.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()
    client.force_login(User.objects.get(username="person0"))
    client.get("/")
    before = resident()
    first = ask(client, q=QUERIES[0])
    seen = {
        "page 1": [ask(client, q=query) for _ in range(rounds) for query in QUERIES],
        "filtered": [ask(client, q=query, owner="mine", colour="red") for query in QUERIES],
        "by date": [ask(client, q=query, sort="date") for query in QUERIES[:5]],
        "last page": [ask(client, q=query, page=-(-size // 24)) for query in QUERIES[:5]],
    }
    from django.db import connection

    result: dict[str, Any] = {
        "size": size,
        "first_seconds": first,
        "rss_before": before,
        "rss_after": resident(),
        "database_bytes": Path(connection.settings_dict["NAME"]).stat().st_size,
        "seconds": seen,
        "steps": steps(User.objects.get(username="person0")),
    }
    print(json.dumps(result))


def ask(client: Any, **parameters: Any) -> float:
    started = time.perf_counter()
    response = client.get("/search/", parameters)
    seconds = time.perf_counter() - started
    if response.status_code != 200 or b"data-score" not in response.content:
        raise SystemExit(f"{parameters}: {response.status_code}")
    return seconds


def steps(user: Any) -> dict[str, float]:
    """Medians of what a request is made of, in seconds."""
    from gallery import encoder_client
    from gallery.index import index_for
    from gallery.index.ranking import Line
    from gallery.search import searchable

    encoded = [encoder_client.encode_texts([query]) for query in QUERIES]
    index = index_for(encoded[0].model_id)
    candidates = searchable(user)
    timed: dict[str, list[float]] = {"encode": [], "rank": []}
    for query, one in zip(QUERIES, encoded, strict=True):
        begun = time.perf_counter()
        encoder_client.encode_texts([query])
        timed["encode"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        index.rank(one.vectors[0], candidates, start=0, stop=24, line=Line(0.5, 0.5))
        timed["rank"].append(time.perf_counter() - begun)
    return {name: float(np.median(seconds)) for name, seconds in timed.items()}


def resident() -> int:
    """Bytes of this process in memory."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
