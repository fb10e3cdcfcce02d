"""Servers of the Model Context Protocol as tools. Needs the extra `mcp`."""
