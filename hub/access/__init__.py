"""Who may call the API: keys, their scopes, and how often they may call."""
