"""What recall finds in long conversations: data, ranked lists, measures, and others' stores."""
