"""The database itself refuses to change or delete an audit entry."""

from django.db import migrations

from bureau.core.audit import trigger_statements


def create(apps, schema_editor):
    for statement in trigger_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    on_table = "" if schema_editor.connection.vendor == "sqlite" else " ON core_auditentry"
    for verb in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER core_auditentry_no_{verb}{on_table}")
    if on_table:
        schema_editor.execute("DROP FUNCTION core_auditentry_refuse()")


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
