"""Hostile paths, hostile commands, and limits: nothing leaves the allowed folders."""
