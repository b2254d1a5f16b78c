"""What the admin pages of all apps are built from: live state in lists, option forms, read-only history."""
