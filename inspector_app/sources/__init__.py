"""Sources: each turns a world into records and carries out intents."""
