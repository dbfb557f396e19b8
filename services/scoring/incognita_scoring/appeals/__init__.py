"""Appeals of branches against single questions of approved reports."""
