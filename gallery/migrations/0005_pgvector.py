from django.db import migrations

from gallery.index import pgvector_schema


def install(apps, schema_editor):
    pgvector_schema.install(schema_editor.connection)


def remove(apps, schema_editor):
    pgvector_schema.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Does nothing on SQLite, nor on a PostgreSQL without pgvector, where search stays in memory."""

    dependencies = [
        ('gallery', '0004_background'),
    ]

    operations = [
        migrations.RunPython(install, remove),
    ]
