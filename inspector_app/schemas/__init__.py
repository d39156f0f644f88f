"""What values look like: JSON Schemas as form fields, checked, learned from traffic, exported."""
