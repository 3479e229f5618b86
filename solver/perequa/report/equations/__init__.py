"""The equations of a scenario, rule by rule, objective by objective, with its own figures."""
