"""Static files under names that change with their content, those that scripts import from each other too."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class StaticFiles(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
