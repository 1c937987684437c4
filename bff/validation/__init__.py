"""Rules over documents and variables, checked before an operation runs."""
