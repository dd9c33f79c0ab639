"""How the programs that speak `/sdapi/v1` differ, one frozen record each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one program does with the same request.

    overrides_checkpoint: `override_settings.sd_model_checkpoint` chooses the model; otherwise there is one model.
    joined_samplers: sampler and scheduler are one name ("DPM++ 2M Karras"), there is no `scheduler` field.
    size_multiple, rounds_up: the server turns a side into a multiple of this many pixels, up or down.
    max_side_px, max_steps, cfg_range: what it silently cuts down to; None where it has no limit of its own.
    minimal_body: unknown keys are refused, so only the fields every version knows are sent.
    structured_loras: LoRAs go into a `lora` list, `<lora:…>` in the prompt does nothing.
    drops_loras: neither way works.
    poll_s: pause between two looks at the progress (SD.Next answers 429 after 300 requests a minute).
    """

    name: str
    label: str
    overrides_checkpoint: bool = True
    joined_samplers: bool = False
    size_multiple: int = 8
    rounds_up: bool = False
    max_side_px: int | None = None
    max_steps: int | None = None
    cfg_range: tuple[float, float] | None = None
    minimal_body: bool = False
    structured_loras: bool = False
    drops_loras: bool = False
    poll_s: float = 0.3


A1111 = Dialect(name="a1111", label="AUTOMATIC1111")
A1111_OLD = Dialect(name="a1111-1.8", label="AUTOMATIC1111 (1.8 or older)", joined_samplers=True)
FORGE = Dialect(name="forge", label="Forge")
SDNEXT = Dialect(name="sdnext", label="SD.Next", poll_s=1.0)
SDCPP = Dialect(
    name="sdcpp",
    label="stable-diffusion.cpp",
    overrides_checkpoint=False,
    size_multiple=64,
    rounds_up=True,
    structured_loras=True,
)
KOBOLDCPP = Dialect(
    name="koboldcpp",
    label="KoboldCpp",
    overrides_checkpoint=False,
    size_multiple=64,
    max_side_px=1024,
    max_steps=80,
    cfg_range=(1.0, 25.0),
)
DRAWTHINGS = Dialect(
    name="drawthings",
    label="Draw Things",
    overrides_checkpoint=False,
    size_multiple=1,
    minimal_body=True,
    drops_loras=True,
)
