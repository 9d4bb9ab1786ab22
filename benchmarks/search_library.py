"""Libraries of any size for benchmarks/search.py: vectors like the pack's own, and a database of them.

    python -m benchmarks.search_library VECTORS SIZE

Fills the database of the settings with the first SIZE of these, in a process of its own, so that what that
takes is not counted as the web process's memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import AutoField

ROOT = Path(__file__).resolve().parents[1]
QUERIES = (
    "a red heart",
    "a yellow cat",
    "sailing boat on the sea",
    "a slice of pizza",
    "an owl at night",
    "rainbow",
    "a cup of coffee",
    "old steam train",
    "2*flower + yellow",
    "guitar - violin",
    "green tree",
    "a person with a camera",
    "building with a tower",
    "stars in the sky",
    "something to eat",
    "a car in the city",
    "winter and snow",
    "a flag",
    "insect with wings",
    "quarterly tax declaration",
)
SEED = 5
NOISE = 0.35  # length of what is added to a picture's own vector, in a random direction
ENCODER_SECONDS = 120
CHUNK = 20_000  # rows written at once
FIRST_ADDED = datetime(2024, 1, 1)


@contextmanager
def running_encoder(folder: Path) -> Iterator[None]:
    """The encoder service with the shipped pack, as `serve` starts it; settings know it by its URL."""
    socket = folder / "encoder.sock"
    os.environ["ENCODER_URL"] = f"unix://{socket}"
    command = [sys.executable, "-m", "gallery.clip.service", "--socket", str(socket), "--threads", "1"]
    with (folder / "encoder.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def wait_for_encoder() -> None:
    from gallery import encoder_client

    deadline = time.monotonic() + ENCODER_SECONDS
    while True:
        try:
            if encoder_client.health().get("status") == "ok":
                return
        except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed):
            pass
        if time.monotonic() > deadline:
            raise SystemExit("The encoder did not start.")
        time.sleep(0.2)


def make_vectors(count: int) -> np.ndarray:
    """(count, 384) float32 unit rows: the pack's vectors of the demo gallery and of the background, mixed two
    by two and jittered, so that they lie in the narrow cone where real ones lie, in clusters of any width."""
    from gallery import encoder_client
    from gallery.background import shipped_pictures

    demo = sorted(path for path in (ROOT / "gallery" / "demo").iterdir() if path.suffix in (".png", ".jpg"))
    files = [*(path.read_bytes() for path in demo), *shipped_pictures()]
    encoded = [encoder_client.encode_image(content, model=encoder_client.FIRST) for content in files]
    real = np.concatenate([one.vectors for one in encoded])
    rng = np.random.default_rng(SEED)
    made = np.empty((count, real.shape[1]), np.float32)
    for start in range(0, count, 50_000):
        part = made[start : start + 50_000]
        first, second = rng.integers(len(real), size=(2, len(part)))
        share = rng.beta(0.5, 2, len(part)).astype(np.float32)[:, None]
        noise = rng.standard_normal(part.shape, np.float32) * (NOISE / real.shape[1] ** 0.5)
        part[:] = (1 - share) * real[first] + share * real[second] + noise
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def query_vectors() -> np.ndarray:
    """(len(QUERIES), 384): by the encoder, mixes included."""
    from gallery import encoder_client
    from gallery.query import parse

    rows = []
    for query in QUERIES:
        terms = parse(query)
        encoded = encoder_client.encode_texts([term.text for term in terms], model=encoder_client.FIRST)
        total = np.array([term.weight for term in terms], np.float32) @ encoded.vectors
        rows.append(total / np.linalg.norm(total))
    return np.stack(rows)


def fill_database(vectors: np.ndarray) -> None:
    """Migrates an empty SQLite database and fills it: half of the pictures are one person's, private; the
    others are public ones of nine people.

    The models make one row of each table, of which all are copies but for what tells pictures apart: a
    million objects would take most of the benchmark's time.
    """
    from django.core.management import call_command
    from django.db import connection, transaction

    from gallery.models import Embedding, Image, User

    call_command("migrate", interactive=False, verbosity=0)
    people = [User.objects.create_user(f"person{number}") for number in range(10)]
    image, embedding = _templates(people[0], vectors.shape[1])
    with connection.cursor() as cursor:  # settings of this connection, which is closed at the end
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("PRAGMA cache_size = -500000")  # KiB: random ids all over the indexes
        for start in range(0, len(vectors), CHUNK):
            part = vectors[start : start + CHUNK]
            rows = [_own_values(number, people) for number in range(start, start + len(part))]
            with transaction.atomic():
                _insert(cursor, Image, image, rows)
                _insert(
                    cursor,
                    Embedding,
                    embedding,
                    [
                        {"image_id": row["id"], "vector": vector.tobytes()}
                        for row, vector in zip(rows, part, strict=True)
                    ],
                )
    connection.close()


def _templates(owner: Any, dim: int) -> tuple[Any, Any]:
    from gallery import details, encoder_client
    from gallery.models import Embedding, Image

    image = Image(
        owner=owner,
        original="none",
        content_type="image/jpeg",
        byte_size=1_000_000,
        width=4000,
        height=3000,
        has_thumbnails=True,
        details_version=details.VERSION,
        status=Image.Status.READY,
    )
    return image, Embedding(image=image, model_id=encoder_client.health()["model_id"], dim=dim)


def _own_values(number: int, people: list[Any]) -> dict[str, Any]:
    """What tells one picture from the others."""
    from gallery.colours import Colour
    from gallery.models import Image

    is_own = number % 2 == 1
    return {
        "id": uuid.uuid4().hex,
        "owner_id": people[0 if is_own else 1 + number % 9].pk,
        "visibility": Image.Visibility.PRIVATE if is_own else Image.Visibility.PUBLIC,
        "title": f"Picture {number}",
        "sha256": str(number),
        "colour": Colour.values[number // 2 % len(Colour.values)],
        "created_at": f"{FIRST_ADDED + timedelta(seconds=37 * number):%Y-%m-%d %H:%M:%S}",
    }


def _insert(cursor: Any, model: Any, template: Any, rows: list[dict[str, Any]]) -> None:
    from django.db import connection

    same = {
        field.column: field.get_db_prep_save(field.pre_save(template, True), connection)
        for field in model._meta.concrete_fields
        if field.column not in rows[0] and not isinstance(field, AutoField)
    }
    columns = [*rows[0], *same]
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({marks})",
        [(*row.values(), *same.values()) for row in rows],
    )


def main(vectors: Path, size: int) -> None:
    import django

    django.setup(set_prefix=False)
    from gallery import background

    started = time.perf_counter()
    fill_database(np.load(vectors, mmap_mode="r")[:size])
    background.measure_background()
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
