"""PostgreSQL's side of the index: a column of pgvector's own type, kept in step by a trigger.

The trigger reads the bytes that every database stores, so that whoever writes a row keeps the index right.
All of it may be run again. Without pgvector, and on SQLite, nothing happens.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

INSTALL = """
CREATE EXTENSION IF NOT EXISTS vector;

ALTER TABLE gallery_embedding ADD COLUMN IF NOT EXISTS dense vector;

-- Little-endian IEEE 754 binary32, as numpy writes it; exact, because float8 holds every float4.
CREATE OR REPLACE FUNCTION clipweb_vector(content bytea) RETURNS vector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(
        ((1 - 2 * (bits >> 31)) * CASE (bits >> 23) & 255
            WHEN 0 THEN (bits & 8388607) * power(2::float8, -149)
            ELSE (8388608 + (bits & 8388607)) * power(2::float8, ((bits >> 23) & 255) - 150)
        END)::real ORDER BY place)::vector
    FROM (
        SELECT place,
            get_byte(content, place)::bigint
            | (get_byte(content, place + 1)::bigint << 8)
            | (get_byte(content, place + 2)::bigint << 16)
            | (get_byte(content, place + 3)::bigint << 24) AS bits
        FROM generate_series(0, length(content) - 4, 4) AS place
    ) AS numbers
$$;

CREATE OR REPLACE FUNCTION clipweb_keep_dense() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.dense := clipweb_vector(NEW.vector);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER keep_dense BEFORE INSERT OR UPDATE ON gallery_embedding
FOR EACH ROW EXECUTE FUNCTION clipweb_keep_dense();

UPDATE gallery_embedding SET dense = NULL WHERE dense IS NULL;
"""

REMOVE = """
DROP TRIGGER IF EXISTS keep_dense ON gallery_embedding;
DROP FUNCTION IF EXISTS clipweb_keep_dense;
ALTER TABLE gallery_embedding DROP COLUMN IF EXISTS dense;
DROP FUNCTION IF EXISTS clipweb_vector;
"""


def install(connection: BaseDatabaseWrapper) -> bool:
    """Whether it is there now. Raises ProgrammingError if this role may not add the extension."""
    if not _is_available(connection):
        return False
    with connection.cursor() as cursor:
        cursor.execute(INSTALL)
    return True


def remove(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(REMOVE)


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_attribute WHERE attrelid = 'gallery_embedding'::regclass"
            " AND attname = 'dense' AND NOT attisdropped"
        )
        return cursor.fetchone() is not None


def _is_available(connection: BaseDatabaseWrapper) -> bool:
    """Installed already, or on this server and allowed."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
        return cursor.fetchone() is not None
