"""Work on columns in processes of their own: DuckDB and Arrow never enter the server.

A worker is started at its first call, ends itself when nobody has called for a while, and dies with the server: its end
of the pipe tells it. `client` is the server's side; everything else here runs in the child.
"""
