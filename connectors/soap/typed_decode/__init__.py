"""From the Body of a reply to the records of a form: `records` is the way in, a column at a time."""
