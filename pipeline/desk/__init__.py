"""The people who use the page, and what each of them keeps."""
