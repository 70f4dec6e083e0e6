from tests.tools.mini_visual.making import made

for path, text in made():
    path.write_text(text, "utf-8")
