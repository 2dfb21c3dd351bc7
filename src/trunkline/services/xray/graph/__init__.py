"""Service graphs: who served, who called whom, how often and how fast, told from the facts of segments."""
