"""A lean load client and what every load needs: workers as processes, CPU by process."""
