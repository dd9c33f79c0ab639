"""What becomes of a picture's job: its row follows, its file is stored, the browser hears."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from compute.backends.base import ChatResult, Fault, ImageResult, Preview
from compute.handlers import Rejected
from compute.models import Attempt, Job, StoredFile
from compute.services.files import StorageFull, file_write, files_delete, files_ready
from images import events
from images.models import GeneratedImage
from images.previews import shrink_preview
from images.progress import progress_keep
from images.services import announce
from images.services.files import MIMES, encoded, image_card, image_path, open_delivery, thumb_path, thumbnail

Status = GeneratedImage.Status


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked delivery with its files written."""

    image_id: int
    file: StoredFile
    thumb: StoredFile
    used: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class PictureHandler:
    """Handler of purpose `picture`; a job's subject is the picture's id."""

    def started(self, job: Job, attempt: Attempt) -> None:
        image_id = int(job.subject)
        GeneratedImage.objects.filter(pk=image_id, status__in=GeneratedImage.UNFINISHED).update(
            status=Status.GENERATING, gpu_worker=attempt.worker_name
        )
        announce.image_changed(image_id, "image.changed")

    def requeued(self, job: Job) -> None:
        image_id = int(job.subject)
        GeneratedImage.objects.filter(pk=image_id, status=Status.GENERATING).update(
            status=Status.PENDING, gpu_worker=""
        )
        announce.image_changed(image_id, "image.queued")

    def prepare(self, job: Job, attempt: Attempt, result: ImageResult | ChatResult) -> Prepared:
        if not isinstance(result, ImageResult):
            raise Rejected("bad_answer", "a text came where a picture was asked for")
        image = (
            GeneratedImage.objects.select_related("story", "story__owner", "turn")
            .filter(pk=int(job.subject), story__deleted_at__isnull=True)
            .first()
        )
        if image is None:
            raise Rejected("cancelled", "the picture was deleted meanwhile", fault=Fault.SERVER)
        picture = open_delivery(result, image)
        image.used = dict(result.used)
        data, extension = encoded(result, picture, image_card(image))
        path = image_path(image, attempt, extension)
        mime = MIMES["jpeg" if extension == "jpg" else extension]
        try:
            file = file_write(path=path, data=data, mime=mime)
            thumb = file_write(path=thumb_path(path), data=thumbnail(picture), mime="image/webp")
        except StorageFull as error:
            raise Rejected("storage_full", str(error), fault=Fault.SERVER) from error
        except OSError as error:
            raise Rejected("storage_failed", f"the file could not be written: {error}", fault=Fault.SERVER) from error
        return Prepared(image.pk, file, thumb, dict(result.used), result.warnings)

    def commit(self, job: Job, attempt: Attempt, prepared: Prepared) -> None:
        image = GeneratedImage.objects.select_for_update().filter(pk=prepared.image_id).first()
        if image is None:
            files_delete(file_ids=[prepared.file.pk, prepared.thumb.pk])
            return
        files_ready(file_ids=[prepared.file.pk, prepared.thumb.pk])
        now = timezone.now()
        complete: dict[str, Any] = {
            "status": Status.COMPLETE,
            "file": prepared.file,
            "thumb": prepared.thumb,
            "generated_at": now,
            "gpu_worker": attempt.worker_name,
            "used": prepared.used,
        }
        GeneratedImage.objects.filter(pk=image.pk).update(
            **complete,
            generation_time_ms=_generation_time_ms(attempt),
            warnings=list(prepared.warnings),
            error_code="",
            error_detail="",
        )
        if image.regenerated_from_id is not None:
            self._select(image)
        announce.image_changed(image.pk, "image.ready")
        for follower in self._followers(image):
            GeneratedImage.objects.filter(pk=follower).update(**complete)
            announce.image_changed(follower, "image.ready")

    def _select(self, image: GeneratedImage) -> None:
        """Who asked for a picture again wants to see the new one."""
        GeneratedImage.objects.of_subject(image).filter(is_selected=True).update(is_selected=False)
        GeneratedImage.objects.filter(pk=image.pk).update(is_selected=True)

    def _followers(self, image: GeneratedImage) -> list[int]:
        """Later turns in the same place that wait for this very picture."""
        waiting = GeneratedImage.objects.filter(cache_source=image, status__in=GeneratedImage.UNFINISHED)
        return list(waiting.values_list("pk", flat=True))

    def discard(self, prepared: Prepared) -> None:
        with transaction.atomic():
            files_delete(file_ids=[prepared.file.pk, prepared.thumb.pk])

    def failed(self, job: Job) -> None:
        self._end(job, Status.FAILED, "image.failed")

    def cancelled(self, job: Job) -> None:
        self._end(job, Status.CANCELLED, "image.cancelled")

    def _end(self, job: Job, status: Status, event: str) -> None:
        image_id = int(job.subject)
        ids = [image_id]
        ids += GeneratedImage.objects.filter(
            cache_source_id=image_id, status__in=GeneratedImage.UNFINISHED
        ).values_list("pk", flat=True)
        GeneratedImage.objects.filter(pk__in=ids, status__in=GeneratedImage.UNFINISHED).update(
            status=status, error_code=job.error_code, error_detail=job.error_detail
        )
        for one in ids:
            announce.image_changed(one, event)

    def progress(self, job: Job, fraction: float, eta_s: float | None, preview: Preview | None) -> None:
        image_id = int(job.subject)
        story_id = GeneratedImage.objects.filter(pk=image_id).values_list("story_id", flat=True).first()
        if story_id is None:
            return
        progress_keep(image_id=image_id, fraction=fraction)
        small = shrink_preview(preview) if preview is not None else None
        events.publish_progress(
            story_id=story_id,
            image_id=image_id,
            progress=fraction,
            eta_s=eta_s,
            preview=small.data if small else None,
            preview_mime=small.mime if small else None,
        )

    def delta(self, job: Job, offset: int, text: str) -> None:
        return


def _generation_time_ms(attempt: Attempt) -> int | None:
    return Attempt.objects.filter(pk=attempt.pk).values_list("generation_time_ms", flat=True).first()
