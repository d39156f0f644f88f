"""Redaction: what is secret in a capture, and what stands in its place in what leaves the machine.

`rules` says what is secret, `finder` finds it in texts, `spellings` in every form it can be written in, and
`redactor` gives each secret one name and keeps count. Nothing here reads or writes captures.
"""

from inspector_app.capture.redaction.redactor import Redactor
from inspector_app.capture.redaction.rules import DEFAULT_RULES, Rules, RulesError, load_rules
from inspector_app.capture.redaction.told import Replaced, Told

__all__ = ["DEFAULT_RULES", "Redactor", "Replaced", "Rules", "RulesError", "Told", "load_rules"]
