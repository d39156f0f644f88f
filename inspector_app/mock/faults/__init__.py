"""Faults on purpose: what a hosted server does wrong, by rule and repeatable by a seed."""
