"""Questionnaires as XLSForm workbooks and XForms, both ways."""
