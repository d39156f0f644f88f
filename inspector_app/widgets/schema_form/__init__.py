"""A form of lines to fill in."""

from inspector_app.widgets.schema_form.form import SchemaForm

__all__ = ["SchemaForm"]
