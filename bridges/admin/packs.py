"""The admin pages "Device packs": a gallery to search; for each pack its words, its tests, a preview, and install."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse

from bridges.admin.pack_forms import FORCE, PackForm, UploadForm
from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.sections import FILE_ORDER
from bridges.models import InstalledPack, OwnPack
from bridges.packs.installing import Asker, Installation, SettingsRefused, TestsFailed, install, installations
from bridges.packs.library import KnownPack, keep_own, known_packs, pack_named, refused_packs
from bridges.packs.rights import missing_rights
from bridges.packs.testing import failures, run_tests
from bridges.packs.trying import trials
from bridges.packs.words import paragraphs, pieces
from telemetry.admin_parts.typed import TitledAdmin

LIST = "admin:bridges_ownpack_changelist"
ONE = "admin:bridges_ownpack_pack"
MAX_FAULTS_SHOWN = 10


@admin.register(OwnPack)
class PackAdmin(TitledAdmin):
    """All packs, those of the hub and those that people brought."""

    class Media:
        css = {"all": ("telemetry/admin.css", "bridges/packs.css")}

    def get_urls(self) -> list[URLPattern]:
        """A page for each pack in the place of Django's own forms."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.gallery), name="bridges_ownpack_changelist"),
            path("<str:name>/", view(self.pack_page), name="bridges_ownpack_pack"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Packs are uploaded in the gallery, not typed."""
        return False

    def gallery(self, request: HttpRequest) -> HttpResponse:
        """The packs that fit the search; a file that is uploaded is looked at and kept."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        upload = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and (taken := self._taken(request, upload)):
            return HttpResponseRedirect(reverse(ONE, args=[taken]))
        words = request.GET.get("q", "").strip()[:200]
        installed = set(InstalledPack.objects.values_list("pack", flat=True))
        found = [
            {"pack": known.pack, "is_own": known.is_own, "is_installed": known.pack.name in installed}
            for known in known_packs()
            if known.pack.matches(words)
        ]
        context = {
            "title": "Device packs",
            "found": found,
            "refused": refused_packs(),
            "words": words,
            "upload": upload,
            "may_upload": self._may(request),
        }
        return self._page(request, "gallery", context)

    def pack_page(self, request: HttpRequest, name: str) -> HttpResponse:
        """One pack: what it asks, whether its tests pass, what it would make."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST" and "remove" in request.POST:
            return self._removed(request, name)
        known = self._known(request, name)
        if known is None:
            return HttpResponseRedirect(reverse(LIST))
        pack = known.pack
        earlier = installations(pack.name)
        form = PackForm(pack, request.POST or None, is_installed=bool(earlier), initial=self._initial(request, earlier))
        missing = missing_rights(pack, request.user)
        done = None
        if request.method == "POST" and form.is_valid() and not missing:
            is_preview = "preview" in request.POST
            done = self._installed(request, form, is_preview=is_preview)
            if done is not None and not is_preview:
                self._say_done(request, done)
                return HttpResponseRedirect(reverse(ONE, args=[pack.name], query={"installation": done.number}))
        results = run_tests(pack)
        context = {
            "title": pack.title,
            "pack": pack,
            "is_own": known.is_own,
            "form": form,
            "preview": done and done.report,
            "results": results,
            "failed": failures(results),
            "trials": trials(pack, form.shown()),
            "paragraphs": [pieces(text) for text in paragraphs(pack.doc)],
            "installations": [(found, _links(found)) for found in earlier],
            "missing": missing,
            "may_remove": known.is_own and self._may(request),
        }
        return self._page(request, "pack", context)

    # Doing

    def _taken(self, request: HttpRequest, upload: UploadForm) -> str:
        """The name of the pack that was uploaded; '' if it was not taken, which the form says."""
        if not self._may(request):
            raise PermissionDenied
        if not upload.is_valid():
            return ""
        try:
            pack = keep_own(upload.cleaned_data["file"], by=request.user.get_username())
        except ConfigFileRefused as refused:
            for fault in refused.faults[:MAX_FAULTS_SHOWN]:
                upload.add_error("file", f"Line {fault}")
            return ""
        messages.success(request, f"The pack {pack.title} was read. Its tests are below; nothing is installed yet.")
        return pack.name

    def _installed(self, request: HttpRequest, form: PackForm, *, is_preview: bool) -> Installation | None:
        """What was done or would be; None if it cannot be, which the form says."""
        asker = Asker(request.user.get_username(), request)
        force = bool(form.cleaned_data.get(FORCE))
        try:
            return install(form.pack, form.answers(), asker=asker, force=force, dry_run=is_preview)
        except SettingsRefused as refused:
            for name, text in refused.faults.items():
                form.add_error(name if name in form.fields else None, text)
        except TestsFailed as failed:
            form.add_error(None, f"It is not installed: {failed}.")
        except ConfigFileRefused as refused:
            for fault in refused.faults[:MAX_FAULTS_SHOWN]:
                form.add_error(None, fault.message)
        return None

    def _say_done(self, request: HttpRequest, done: Installation) -> None:
        if not done.report.changes:
            messages.info(request, "Everything was there already: nothing changed.")
        for kind in dict.fromkeys(change.kind for change in done.report.changes):
            names = [f"{change.noun} {change.name}" for change in done.report.changes if change.kind == kind]
            messages.success(request, f"{kind.capitalize()}: {', '.join(names)}.")
        for warning in done.report.warnings:
            messages.warning(request, warning.message)

    def _removed(self, request: HttpRequest, name: str) -> HttpResponse:
        """Without a look into the pack: one that cannot be read can be removed too."""
        if not self._may(request):
            raise PermissionDenied
        removed, _ = (0, {}) if "\x00" in name else OwnPack.objects.filter(name=name).delete()
        if not removed:
            raise Http404
        messages.success(request, f"The pack {name} is removed. What it installed stays.")
        return HttpResponseRedirect(reverse(LIST))

    # Finding

    def _known(self, request: HttpRequest, name: str) -> KnownPack | None:
        """The pack; None if the hub does not understand it any more, which a message says."""
        try:
            known = pack_named(name)
        except ConfigFileRefused as refused:
            messages.error(request, f"This hub does not understand the pack {name} any more: line {refused.faults[0]}")
            return None
        if known is None:
            raise Http404
        return known

    def _initial(self, request: HttpRequest, earlier: Sequence[InstalledPack]) -> dict[str, Any]:
        """The answers of an earlier installation, if that is what is looked at."""
        asked = request.GET.get("installation", "")
        found = next((one for one in earlier if str(one.pk) == asked), None)
        return dict(found.settings) if found else {}

    def _may(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("bridges.add_ownpack"))

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        full = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, **context}
        return TemplateResponse(request, f"admin/bridges/packs/{name}.html", full)


def _links(found: InstalledPack) -> list[tuple[str, str, str]]:
    """Noun, name and address of each row that an installation made and that is still there."""
    links = []
    sections = {section.name: section for section in FILE_ORDER}
    for section_name, name in found.rows:
        section = sections.get(section_name)
        row = section.rows().filter(name=name).first() if section else None
        if section is None or row is None:
            continue
        model = row._meta
        try:
            address = reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[row.pk])
        except NoReverseMatch:
            address = ""
        links.append((section.noun, name, address))
    return links
