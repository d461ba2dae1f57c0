"""Tables as files: for programs as CSV, for people as spreadsheets."""
