"""Makes the tasks of `mini-visual`, and what the pictures among them show: `python -m tests.tools.mini_visual`.

Each template is a method; what is right follows from the rows that pages and pictures are made from.
"""
