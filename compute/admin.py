"""The operator's workplace for workers and the queue. Actions call services; what they manage is read-only here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from compute.config import API_TYPES, JOB_KINDS_OF, url_problem
from compute.models import Attempt, Job, Worker
from compute.services.slots import slots_resize
from compute.services.workers import worker_drain, worker_pause, worker_probe_now, worker_resume

# Django's own classes take no type arguments; the checker's do.
if TYPE_CHECKING:
    WorkerFormBase = forms.ModelForm[Worker]
    WorkerAdminBase = admin.ModelAdmin[Worker]
    AnyAdminBase = admin.ModelAdmin[Any]
    AttemptInlineBase = admin.TabularInline[Attempt, Job]
else:
    WorkerFormBase, WorkerAdminBase, AnyAdminBase = forms.ModelForm, admin.ModelAdmin, admin.ModelAdmin
    AttemptInlineBase = admin.TabularInline


class WorkerForm(WorkerFormBase):
    """A server to be called. Credentials are written and never shown."""

    user = forms.CharField(required=False, help_text="HTTP Basic; leave empty to keep what is stored")
    password = forms.CharField(required=False, widget=forms.PasswordInput)
    bearer = forms.CharField(required=False, widget=forms.PasswordInput, help_text="instead of user and password")
    job_kinds = SimpleArrayField(
        forms.CharField(), required=False, help_text="empty means everything its kind of server can do"
    )

    class Meta:
        model = Worker
        fields = (
            "name",
            "api_type",
            "api_url",
            "enabled",
            "priority",
            "max_concurrent",
            "supports_sdxl",
            "supports_controlnet",
            "vram_gb",
            "job_kinds",
            "model_map",
            "timeout_s",
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        api_type, url = data.get("api_type"), data.get("api_url") or ""
        if api_type == "painter" and url:
            self.add_error("api_url", "The painter is built in and has no address.")
        elif api_type in API_TYPES and api_type != "painter" and (problem := url_problem(url)):
            self.add_error("api_url", problem)
        if api_type and not data.get("job_kinds"):
            data["job_kinds"] = list(JOB_KINDS_OF[api_type])
        if data.get("bearer") and data.get("user"):
            self.add_error("bearer", "Give either a user and password, or a bearer token.")
        return data

    def save(self, commit: bool = True) -> Worker:
        worker = super().save(commit=False)
        data = self.cleaned_data
        if data.get("bearer"):
            worker.credentials = {"bearer": data["bearer"]}
        elif data.get("user"):
            worker.credentials = {"user": data["user"], "password": data.get("password", "")}
        worker.next_probe_at = timezone.now()
        if commit:
            worker.save()
        return worker


@admin.register(Worker)
class WorkerAdmin(WorkerAdminBase):
    """Workers of the configuration file show here too, but the file wins at the next start."""

    form = WorkerForm
    list_display = ("name", "api_type", "api_url", "source", "enabled", "is_online", "priority", "total_generated")
    list_filter = ("api_type", "source", "is_online", "enabled")
    search_fields = ("name", "api_url")
    actions = ("pause", "resume", "drain", "probe")

    def save_model(self, request: HttpRequest, obj: Worker, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        slots_resize(obj)

    def has_change_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        if obj is not None and obj.source != Worker.Source.ADMIN:
            return False
        return super().has_change_permission(request, obj)

    def _each(self, request: HttpRequest, workers: QuerySet[Worker], act: Callable[..., None], done: str) -> None:
        for worker in workers[:500]:
            act(worker=worker, actor=request.user)
        self.message_user(request, f"{min(len(workers), 500)} worker(s) {done}.", messages.SUCCESS)

    @admin.action(description="Switch off", permissions=["view"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._each(request, queryset, worker_pause, "switched off")

    @admin.action(description="Resume", permissions=["view"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._each(request, queryset, worker_resume, "resumed")

    @admin.action(description="Drain: finish, take nothing new", permissions=["view"])
    def drain(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._each(request, queryset, worker_drain, "draining")

    @admin.action(description="Probe now", permissions=["view"])
    def probe(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._each(request, queryset, worker_probe_now, "being probed")


class ReadOnlyAdmin(AnyAdminBase):
    """To look at; nothing here is changed by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AttemptInline(AttemptInlineBase):
    model = Attempt
    fields = ("number", "worker_name", "status", "fault", "error_code", "error_detail", "started_at", "finished_at")
    readonly_fields = fields
    can_delete = False
    extra = 0
    max_num = 0


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """The queue. Parameters stay out of sight: they are words of somebody's private story."""

    list_display = ("public_id", "kind", "purpose", "lane", "status", "requester", "queued_at", "error_code")
    list_filter = ("status", "lane", "kind")
    exclude = ("params", "result")
    show_full_result_count = False
    inlines = (AttemptInline,)
