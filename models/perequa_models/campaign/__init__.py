"""A campaign: what each regional envelope is made of, line by line, and how it is delivered."""
