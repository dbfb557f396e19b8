"""What must hold of one dossier. Pure: facts in, findings out."""
