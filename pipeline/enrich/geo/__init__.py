"""Places: a gazetteer in one file, and the choice of one place for each toponym."""
