"""The scenario read again and evaluated from its tables, apart from the formulation's code."""
