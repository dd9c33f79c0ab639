"""What must hold between pictures, their jobs and their files (architecture, "What must hold" 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from compute.audits import paged
from compute.models import Job, StoredFile
from images.models import GeneratedImage

Status = GeneratedImage.Status
# A picture's status → what its job may be then. A picture made anew elsewhere has another row.
AGREES = {
    Status.PENDING: (Job.Status.QUEUED, Job.Status.DELAYED),
    Status.GENERATING: (Job.Status.RUNNING, Job.Status.CHECKING),
    Status.COMPLETE: (Job.Status.SUCCEEDED,),
    Status.FAILED: (Job.Status.FAILED,),
    Status.CANCELLED: (Job.Status.CANCELLED,),
}


def picture_job_findings() -> Iterator[str]:
    """A picture's status agrees with its job's; what waits for another picture really has one to wait for."""
    for status, fitting in AGREES.items():
        pictures = GeneratedImage.objects.select_related("job").filter(status=status, job__isnull=False)
        for image in paged(pictures.exclude(job__status__in=fitting)):
            assert image.job is not None
            yield f"picture {image.pk} is {image.status}, its job {image.job.public_id} is {image.job.status}"
    unfinished = GeneratedImage.objects.filter(status__in=GeneratedImage.UNFINISHED)
    for image in paged(unfinished.filter(is_cached=False, job__isnull=True)):
        yield f"picture {image.pk} is {image.status} and has no job"
    source_works = GeneratedImage.objects.filter(pk=OuterRef("cache_source"), status__in=GeneratedImage.UNFINISHED)
    for image in paged(unfinished.filter(~Exists(source_works), is_cached=True)):
        yield f"picture {image.pk} waits for picture {image.cache_source_id}, which is not being made"


def picture_file_findings() -> Iterator[str]:
    """A complete picture has its file and its thumbnail, both settled; whether the bytes are right is checked by
    compute.audits. A reuse shows the very file of its source."""
    ready = StoredFile.State.READY
    complete = GeneratedImage.objects.filter(status=Status.COMPLETE)
    for name in ("file", "thumb"):
        wrong = Q(**{f"{name}__isnull": True}) | ~Q(**{f"{name}__state": ready})
        for image in paged(complete.filter(wrong).select_related(name)):
            row: StoredFile | None = getattr(image, name)
            state = "none" if row is None else f"{row.path}, which is {row.state}"
            yield f"picture {image.pk} is complete, its {name} is {state}"
    reuses = complete.filter(is_cached=True, cache_source__isnull=False, cache_source__status=Status.COMPLETE)
    for image in paged(reuses.exclude(file_id=F("cache_source__file_id"))):
        yield f"picture {image.pk} reuses picture {image.cache_source_id} and shows another file"
