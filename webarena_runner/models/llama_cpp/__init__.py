"""llama.cpp: GGUF files in a server that is started with the run, or one that runs already."""
