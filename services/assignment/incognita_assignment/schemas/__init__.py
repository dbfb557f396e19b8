"""HTTP models of the assignment service, by noun. Unknown fields are refused."""
