"""Files as documents: what is found of them, and what ingesting them costs."""
