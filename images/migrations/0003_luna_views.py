"""Read-only views with the table and column names of the customer's document, for its queries and its operators.

A reused picture has no file of its own: local_path is its source's. Paths are relative to the storage folder.
"""

from django.db import migrations

# A rule, because a simple view would otherwise be updatable.
VIEWS = {
    "turn_history": """
        SELECT id AS turn_id, story_id, number AS turn_number, player_input, narration AS ai_response,
               summary AS plot_summary, location, time_of_day, weather, state AS status, created_at
        FROM images_turn""",
    "generated_images": """
        SELECT image.id AS image_id, image.story_id, image.turn_id, image.image_type, image.subject_key, image.prompt,
               image.negative_prompt, image.model_name, image.sampler, image.steps, image.cfg_scale, image.seed,
               image.width, image.height, image.dreamer_content_id, image.is_speculative, image.realized_at,
               nullif(image.realized_by, '') AS realized_by, nullif(image.cache_key, '') AS cache_key,
               image.is_cached, image.cache_source_id AS cache_source, nullif(image.gpu_worker, '') AS gpu_worker,
               image.generation_time_ms, file.path AS local_path, file.checksum, file.size_bytes AS file_size,
               coalesce(image.generated_at, image.created_at) AS generated_at, image.status
        FROM images_generatedimage image LEFT JOIN compute_storedfile file ON file.id = image.file_id""",
    "image_workers": """
        SELECT worker.id AS worker_id, worker.name AS worker_name, worker.api_type, worker.api_url,
               worker.max_concurrent, worker.supports_sdxl, worker.supports_controlnet, worker.vram_gb,
               worker.is_online,
               (SELECT count(*)::integer FROM compute_attempt attempt
                WHERE attempt.worker_id = worker.id AND attempt.status = 'running') AS current_load,
               worker.last_heartbeat, worker.total_generated,
               (worker.total_generation_time_ms / nullif(worker.total_generated, 0))::integer
                   AS avg_generation_time_ms,
               worker.error_count
        FROM compute_worker worker WHERE worker.kind = 'managed'""",
    "dreamer_content": """
        SELECT id AS content_id, story_id, content_type, name, description, metadata, is_realized, realized_at,
               realized_in_turn_id AS realized_in_turn, nullif(realized_by, '') AS realized_by,
               primary_image_id, variant_image_ids, dreamed_at, dream_session_id, confidence_score, expires_at
        FROM images_dreamercontent""",
    "character_appearances": """
        SELECT look.id AS appearance_id, person.story_id, person.name AS character_name, look.turn_id,
               look.dreamer_content_id, look.description, look.outfit, look.physical_features,
               look.is_significant_change, look.change_reason, look.previous_appearance_id, look.portrait_image_id,
               look.created_at
        FROM images_characterappearance look JOIN images_character person ON person.id = look.character_id""",
}
FORWARDS = ["CREATE SCHEMA IF NOT EXISTS luna"]
for name, query in VIEWS.items():
    FORWARDS.append(f"CREATE VIEW luna.{name} AS {query}")
    for verb in ("INSERT", "UPDATE", "DELETE"):
        FORWARDS.append(f"CREATE RULE {name}_{verb.lower()} AS ON {verb} TO luna.{name} DO INSTEAD NOTHING")
BACKWARDS = [f"DROP VIEW luna.{name}" for name in reversed(VIEWS)]


class Migration(migrations.Migration):
    dependencies = [("images", "0002_changed_trigger"), ("compute", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
