"""Any server that speaks OpenAI's chat completions: Ollama, LM Studio, llama.cpp, vLLM, and hosted ones."""

from compute.backends.openai.backend import OpenAIBackend

__all__ = ["OpenAIBackend"]
