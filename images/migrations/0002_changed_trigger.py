"""Write `version` and `changed_xid` in the database, so that no writer can forget them (images.models.stories.Changed)."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION images_mark_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_xid := pg_current_xact_id()::text::bigint;
    IF TG_OP = 'UPDATE' THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
"""
TABLES = ("images_story", "images_turn", "images_generatedimage", "images_dreamercontent")


class Migration(migrations.Migration):
    dependencies = [("images", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION images_mark_changed();"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_changed BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION images_mark_changed();",
                f"DROP TRIGGER {table}_changed ON {table};",
            )
            for table in TABLES
        ],
    ]
