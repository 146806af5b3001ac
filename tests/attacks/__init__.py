"""What a hostile party can send or ask, tried at every way in: see SECURITY.md."""
