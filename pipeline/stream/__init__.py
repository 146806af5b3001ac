"""The Faust worker: enriches stories and indexes them."""
