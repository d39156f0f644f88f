"""Messages that are kept: variables, environments, collections, what is expected of answers, sequences."""
