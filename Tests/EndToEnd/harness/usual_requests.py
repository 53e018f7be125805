"""The usual request of each JSON API, for tests that hold for all of them."""

MODEL = "moonshotai/kimi-k2"

ENDPOINTS = ["chat/completions", "completions", "responses", "messages", "embeddings"]
STREAMING = ["chat/completions", "completions", "responses", "messages"]


def usual(endpoint: str, text: str = "hello there", stream: bool = False, **more) -> dict:
    body: dict = {"model": MODEL}
    if endpoint == "chat/completions":
        body["messages"] = [{"role": "user", "content": text}]
    elif endpoint == "completions":
        body["prompt"] = text
    elif endpoint == "responses":
        body["input"] = text
    elif endpoint == "messages":
        body |= {"max_tokens": 100_000, "messages": [{"role": "user", "content": text}]}
    elif endpoint == "embeddings":
        body["input"] = text
    if stream:
        body["stream"] = True
    return body | more
