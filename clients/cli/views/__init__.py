"""How things look in a terminal of a hundred columns."""
