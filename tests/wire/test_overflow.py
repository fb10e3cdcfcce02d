"""Which error answers say that a context was too large, in each provider's own words."""

import pytest

from enplace.wire.overflow import is_overflow

TOO_LARGE = [
    # OpenAI
    (
        400,
        '{"error": {"message": "This model\'s maximum context length is 128000 tokens. However,'
        ' your messages resulted in 130012 tokens. Please reduce the length of the messages.",'
        ' "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}}',
    ),
    (
        400,
        '{"error": {"message": "Your input exceeds the context window of this model. Please adjust'
        ' your input and try again.", "code": "context_length_exceeded"}}',
    ),
    # Azure OpenAI
    (
        400,
        "This model's maximum context length is 8192 tokens, however you requested 9042 tokens"
        " (8942 in your prompt; 100 for the completion). Please reduce your prompt; or completion"
        " length.",
    ),
    # Anthropic
    (
        400,
        '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long:'
        ' 209384 tokens > 200000 maximum"}}',
    ),
    (
        400,
        "input length and `max_tokens` exceed context limit: 197394 + 8192 > 200000, decrease input"
        " length or `max_tokens` and try again",
    ),
    (413, '{"type":"error","error":{"type":"request_too_large","message":"Request exceeds"}}'),
    # Gemini
    (
        400,
        "The input token count (1048912) exceeds the maximum number of tokens allowed (1048575).",
    ),
    # Vertex AI
    (
        400,
        "Unable to submit request because the input token count is 40000 but model only supports"
        " up to 32768. Reduce the input token count and try again.",
    ),
    # llama.cpp
    (
        400,
        '{"error":{"code":400,"message":"the request exceeds the available context size. try'
        ' increasing the context size or enable context shift","type":"invalid_request_error"}}',
    ),
    (
        400,
        '{"error":{"code":400,"message":"request (9042 tokens) exceeds the available context size'
        ' (8192 tokens), try increasing it","type":"exceed_context_size_error",'
        '"n_prompt_tokens":9042,"n_ctx":8192}}',
    ),
    # vLLM
    (
        400,
        "This model's maximum context length is 4096 tokens. However, you requested 4155 tokens in"
        " the messages, Please reduce the length of the messages.",
    ),
    (
        400,
        "The decoder prompt (length 9001) is longer than the maximum model length of 8192. Make"
        " sure that `max_model_len` is no smaller than the number of text tokens.",
    ),
    # Mistral
    (
        400,
        '{"object":"error","message":"Prompt contains 40013 tokens and 0 draft tokens, too large'
        ' for model with 32768 maximum context length","type":"invalid_request_prompt",'
        '"code":"3051"}',
    ),
    # DeepSeek
    (
        400,
        "This model's maximum context length is 65536 tokens. However, you requested 70044 tokens"
        " (65948 in the messages, 4096 in the completion).",
    ),
    # Groq
    (
        400,
        '{"error":{"message":"Please reduce the length of the messages or completion.","type":'
        '"invalid_request_error","param":"messages","code":"context_length_exceeded"}}',
    ),
    # Bedrock
    (400, "ValidationException: Input is too long for requested model."),
    (
        400,
        "The model returned the following errors: prompt is too long: 203456 tokens > 200000 maximum",
    ),
    # Cohere
    (
        400,
        "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292",
    ),
    # xAI
    (
        400,
        "This model's maximum prompt length is 131072 but the request contains 140033 tokens.",
    ),
    # OpenRouter
    (
        400,
        "This endpoint's maximum context length is 32768 tokens. However, you requested about 33000"
        " tokens (32000 of text input, 1000 in the output).",
    ),
    # Together
    (
        422,
        '{"error":{"message":"Input validation error: `inputs` tokens + `max_new_tokens` must be'
        ' <= 8193. Given: 8402 `inputs` tokens and 512 `max_new_tokens`","type":'
        '"invalid_request_error"}}',
    ),
    # LM Studio
    (
        400,
        "Trying to keep the first 5012 tokens when context the overflows. However, the model is"
        " loaded with context length of only 4096 tokens, which is not enough.",
    ),
    # Ollama, as its runner says it
    (400, "input length exceeds maximum context length"),
]

NOT_TOO_LARGE = [
    (
        429,
        "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000,"
        " Used 29000, Requested 2000. Please try again in 2s.",
    ),
    (429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 41200."),
    (429, "Too many tokens, please wait before trying again."),
    (400, "ThrottlingException: Too many tokens per day, please wait before trying again."),
    (403, "You exceeded your current quota, please check your plan and billing details."),
    (401, "Incorrect API key provided: sk-xxx. You can find your API key in your account."),
    (404, "The model `gpt-99` does not exist or you do not have access to it."),
    (
        400,
        "max_tokens is too large: 200000. This model supports at most 16384 completion tokens.",
    ),
    (400, "Invalid 'messages[1].content': string too long for the parameter name."),
    (400, "Invalid schema for function 'note': schema must be an object."),
    (500, "The server had an error while processing your request."),
    (529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'),
    (503, "The engine is currently overloaded, please try again later."),
]


@pytest.mark.parametrize(("status", "text"), TOO_LARGE)
def test_a_context_that_was_too_large_is_recognised(status: int, text: str) -> None:
    assert is_overflow(status, text)
    assert is_overflow(status, text.upper())


@pytest.mark.parametrize(("status", "text"), NOT_TOO_LARGE)
def test_another_error_is_not_taken_for_one(status: int, text: str) -> None:
    assert not is_overflow(status, text)
