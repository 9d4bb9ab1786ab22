"""How long a running site takes to refuse each hostile file, and the most memory its processes took.

    python -m benchmarks.hostile_uploads

Prints a table in Markdown (docs/security.md has it).
"""

from __future__ import annotations

import statistics
import time
from contextlib import closing

from tests.browser.test_hostile_site import peak_memory, post
from tests.gallery.hostile import FILES
from tests.processes import Site, children

ROUNDS = 3


def main() -> None:
    with Site.start() as site, closing(site.sign_up("mallory")) as client:
        client.get("/upload/")
        print("| file | refused as | seconds |\n| --- | --- | --- |")
        for what, (make, _) in FILES.items():
            content = make()
            seconds = []
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                answer = post(client, content)
                seconds.append(time.perf_counter() - begun)
            print(f"| {what} | {answer.json()['code']} | {statistics.median(seconds):.2f} |")
        web = site.pid("web")
        peaks = [peak_memory(pid) / 1024 for pid in children(web)]
        print(f"\nweb {peak_memory(web) / 1024:.0f} MB, each decoder at most {max(peaks):.0f} MB")


if __name__ == "__main__":
    main()
