"""The database notes each picture whose title, caption or tags change, whoever changes them.

On SQLite a migration that builds a table anew leaves its triggers behind; so install() runs after every
migration.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

IMAGE, TAG, PENDING = "gallery_image", "gallery_tag", "gallery_pendingwords"
_NOTE = (  # tables of this module's own
    f"INSERT INTO {PENDING} (image_id, version) VALUES ({{image}}, 1)"  # noqa: S608
    f" ON CONFLICT (image_id) DO UPDATE SET version = {PENDING}.version + 1"
)
# name: (event, table, the column with the picture's id, when)
_CASES = {
    "words_of_new": ("INSERT", IMAGE, "NEW.id", "NEW.title <> '' OR NEW.caption <> ''"),
    "words_edited": (
        "UPDATE OF title, caption",
        IMAGE,
        "NEW.id",
        "OLD.title <> NEW.title OR OLD.caption <> NEW.caption",
    ),
    "words_tagged": ("INSERT", TAG, "NEW.image_id", ""),
    "words_retagged": ("UPDATE OF name", TAG, "NEW.image_id", "OLD.name <> NEW.name"),
    "words_untagged": ("DELETE", TAG, "OLD.image_id", ""),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """May be run again."""
    make = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor]
    with connection.cursor() as cursor:
        for name in _CASES:
            for statement in make(name):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for name, (_event, table, _column, _when) in _CASES.items():
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                cursor.execute(f"DROP FUNCTION IF EXISTS clipweb_{name}")
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def note_all(connection: BaseDatabaseWrapper) -> None:
    """Every picture that has words, because a model has no vectors of them yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {PENDING} (image_id, version) SELECT id, 0 FROM {IMAGE} WHERE title <> ''"  # noqa: S608
            f" OR caption <> '' OR EXISTS (SELECT 1 FROM {TAG} WHERE image_id = {IMAGE}.id)"
            " ON CONFLICT (image_id) DO NOTHING"
        )


def _sqlite(name: str) -> list[str]:
    event, table, column, when = _CASES[name]
    condition = f" WHEN {when}" if when else ""
    note = _NOTE.format(image=column)
    return [f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table}{condition} BEGIN {note}; END"]


def _postgresql(name: str) -> list[str]:
    event, table, column, when = _CASES[name]
    condition = f" WHEN ({when})" if when else ""
    return [
        f"CREATE OR REPLACE FUNCTION clipweb_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {_NOTE.format(image=column)}; RETURN NULL; END $$",
        f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table}"
        f" FOR EACH ROW{condition} EXECUTE FUNCTION clipweb_{name}()",
    ]
