"""The MCP server: the index's stories as tools for language models (docs/mcp.md)."""
