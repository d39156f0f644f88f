"""The pure fold from records to rows."""
