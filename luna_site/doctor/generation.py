"""The switches and thresholds that decide whether anything is made at all."""

from __future__ import annotations

from django.conf import settings

from luna_site.doctor.findings import Check, Finding, ok, warn

ROOT = "image_generation"
# Above this the model that judges its own ideas lets next to none through.
THRESHOLD_MOST = 0.9


def generation() -> list[Finding]:
    """Pictures are made, and for which parts of a turn."""
    config = settings.IMAGE_GENERATION
    if not config.enabled:
        return [warn(f"{ROOT}.enabled", "false: turns get no pictures", "set it to true if that is not meant")]
    names = ("background_images", "turn_images", "character_portraits")
    off = [name for name in names if not getattr(config, name).enabled]
    found = [ok(f"{ROOT}.enabled", "true: turns get pictures")]
    for name in off:
        found.append(warn(f"{ROOT}.{name}.enabled", "false: none of these are made", "set it to true to have them"))
    return found


def continuous() -> list[Finding]:
    """Ideas are dreamed and painted ahead of the story."""
    config, dreamer = settings.IMAGE_GENERATION, settings.IMAGE_GENERATION.dreamer
    what = "continuous generation"
    if not config.enabled or config.mode == "on_demand":
        key = f"{ROOT}.enabled" if not config.enabled else f"{ROOT}.mode"
        value = "true" if not config.enabled else '"dreamer_driven"'
        return [warn(what, f"off by {key}: nothing is made ahead of time", f"set it to {value} to have it")]
    for key, on in (("enabled", dreamer.enabled), ("continuous_generation", dreamer.continuous_generation)):
        if not on:
            says = "no ideas" if key == "enabled" else "ideas stay text until they are used or asked for"
            return [warn(what, f"off by {ROOT}.dreamer.{key}: {says}", "set it to true to have it")]
    return [ok(what, "on")]


def thresholds() -> list[Finding]:
    """Values that are allowed but leave the Dreamer with little or nothing."""
    dreamer = settings.IMAGE_GENERATION.dreamer
    found = []
    if dreamer.confidence_threshold > THRESHOLD_MOST:
        detail = f"{dreamer.confidence_threshold:g}: hardly any idea is painted"
        found.append(warn(f"{ROOT}.dreamer.confidence_threshold", detail, "0.6 is the default"))
    if dreamer.speculative_pool_size == 0:
        found.append(warn(f"{ROOT}.dreamer.speculative_pool_size", "0: no idea is kept", "100 is the default"))
    if found:
        return found
    detail = f"confidence from {dreamer.confidence_threshold:g}, at most {dreamer.speculative_pool_size} unused ideas"
    return [ok("thresholds", f"{detail} a story, kept {dreamer.asset_expiry_days} days")]


CHECKS = [
    Check("generation", generation),
    Check("continuous generation", continuous),
    Check("thresholds", thresholds),
]
