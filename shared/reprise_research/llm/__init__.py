"""What the `openai` engine is made of: the endpoint, structured answers, prompts, and the check of everything
that a model says."""
