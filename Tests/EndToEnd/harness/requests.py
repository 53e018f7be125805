"""What the tests ask for, in one place."""


def user(text: str) -> list:
    """The messages of a conversation of one user's sentence."""
    return [{"role": "user", "content": text}]


def chat(text: str = "hello", model: str = "openai/gpt-4-turbo", **members) -> dict:
    """The body of a chat request; its model is no alias unless the test names one."""
    return {"model": model, "messages": user(text), **members}


def function(name: str, **properties) -> dict:
    """A tool of the chat API whose properties are all required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": f"Runs {name}.", "parameters": schema}}
