"""The database itself refuses to change or remove an entry of the audit log, whoever asks.

A migration that lets SQLite build the table anew (AlterField, AddField with a default) has to call install()
once more: triggers stay behind with the old table.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS audit_no_{name} BEFORE {name} ON gallery_auditentry
    BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END
    """
    for name in ("update", "delete")
]
# TRUNCATE fires no trigger of rows. An empty log may be truncated: nothing is lost.
POSTGRESQL = [
    """
    CREATE OR REPLACE FUNCTION clipweb_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'TRUNCATE' OR EXISTS (SELECT 1 FROM gallery_auditentry) THEN
            RAISE EXCEPTION 'The audit log is append-only.' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON gallery_auditentry
    FOR EACH ROW EXECUTE FUNCTION clipweb_audit_append_only()
    """,
    """
    CREATE OR REPLACE TRIGGER audit_no_truncation BEFORE TRUNCATE ON gallery_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION clipweb_audit_append_only()
    """,
]
REMOVE = {
    "sqlite": ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"],
    "postgresql": [
        "DROP TRIGGER IF EXISTS audit_no_change ON gallery_auditentry",
        "DROP TRIGGER IF EXISTS audit_no_truncation ON gallery_auditentry",
        "DROP FUNCTION IF EXISTS clipweb_audit_append_only",
    ],
}
INSTALL = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def install(connection: BaseDatabaseWrapper) -> None:
    """May be run again."""
    _execute(connection, INSTALL[connection.vendor])


def remove(connection: BaseDatabaseWrapper) -> None:
    """For going back by a migration, and for tests of what a trigger cannot stop: a hand on the file."""
    _execute(connection, REMOVE[connection.vendor])


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
