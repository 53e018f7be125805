/// One model of the catalog, with prices as OpenRouter prints them.
struct ModelEntry: Sendable {
  var id: String
  var name: String
  /// Seconds since 1970.
  var created: Int
  var contextLength: Int
  var mostCompletionTokens: Int
  /// USD per token, as decimal text.
  var promptPrice: String
  var completionPrice: String
  var isEmbedding = false
  var supportsImages = false

  /// USD for these tokens, rounded to a millionth of a millionth.
  func cost(promptTokens: Int, completionTokens: Int) -> Double {
    let prompt = Double(promptPrice) ?? 0
    let completion = Double(completionPrice) ?? 0
    let cost = Double(promptTokens) * prompt + Double(completionTokens) * completion
    return (cost * 1e12).rounded() / 1e12
  }

  var pricing: JSON {
    [
      "prompt": .string(promptPrice), "completion": .string(completionPrice), "request": "0", "image": "0",
      "web_search": "0", "internal_reasoning": "0", "input_cache_read": "0", "input_cache_write": "0",
    ]
  }

  var architecture: JSON {
    let inputs: JSON = supportsImages ? ["text", "image"] : ["text"]
    let output: JSON = isEmbedding ? "embeddings" : "text"
    return [
      "modality": .string((supportsImages ? "text+image->" : "text->") + (output.string ?? "")),
      "input_modalities": inputs, "output_modalities": [output], "tokenizer": "Other", "instruct_type": nil,
    ]
  }

  static let supportedParameters: JSON = [
    "frequency_penalty", "include_reasoning", "logprobs", "max_tokens", "presence_penalty", "reasoning",
    "response_format", "seed", "stop", "structured_outputs", "temperature", "tool_choice", "tools",
    "top_logprobs", "top_p",
  ]

  /// An element of `GET /models`.
  var listing: JSON {
    [
      "id": .string(id), "canonical_slug": .string(id), "name": .string(name), "created": JSON(created),
      "description": .string("\(name), simulated."), "context_length": JSON(contextLength),
      "architecture": architecture, "pricing": pricing,
      "top_provider": [
        "context_length": JSON(contextLength), "max_completion_tokens": JSON(mostCompletionTokens),
        "is_moderated": false,
      ],
      "per_request_limits": nil, "supported_parameters": ModelEntry.supportedParameters,
    ]
  }

  /// The `data` of `GET /models/{author}/{slug}/endpoints`.
  var endpoints: JSON {
    [
      "id": .string(id), "name": .string(name), "created": JSON(created),
      "description": .string("\(name), simulated."), "architecture": architecture,
      "endpoints": [
        [
          "name": .string("Simulated | \(id)"), "model_name": .string(name),
          "context_length": JSON(contextLength), "pricing": pricing, "provider_name": "Simulated",
          "tag": "simulated", "quantization": nil, "max_completion_tokens": JSON(mostCompletionTokens),
          "max_prompt_tokens": nil, "supported_parameters": ModelEntry.supportedParameters, "status": 0,
          "uptime_last_30m": 100, "supports_implicit_caching": false,
        ]
      ],
    ]
  }
}
