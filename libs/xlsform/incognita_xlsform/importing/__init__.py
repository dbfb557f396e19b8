"""An XLSForm's sheets, read into a questionnaire."""
