"""What people do after a rise: cases, joint meetings, overrides, releases."""
