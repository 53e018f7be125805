import Testing

@testable import WeirWire

@Suite("The texts of a request")
struct RequestTextsTests {
  /// `place role text` of each.
  private func texts(_ json: String) -> [String] {
    var found: [String] = []
    let bytes = Array(json.utf8)
    let isJSON = unsafe bytes.withUnsafeBytes { raw in
      unsafe JSONReader().read(raw) { root in
        RequestTexts.read(root) { role, range, place in
          found.append("\(place.text) \(role.name) \(String(decoding: bytes[range], as: UTF8.self))")
          return true
        }
      }
    }
    #expect(isJSON)
    return found
  }

  @Test("are those of chat messages, with parts, tool calls and results")
  func chat() {
    let json = """
      {"model":"m","user":"u","metadata":{"a":"b"},"messages":[{"role":"system","content":"S"},
      {"role":"developer","content":"D"},{"role":"user","name":"N","content":[{"type":"text","text":"A"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
      {"type":"image_url","image_url":{"url":"https://x.de/a"}},
      {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]},
      {"role":"assistant","content":null,"refusal":"R","tool_calls":[{"id":"c1","type":"function",
      "function":{"name":"get","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"T"}]}
      """
    #expect(
      texts(json) == [
        "messages[0].content system S", "messages[1].content system D", "messages[2].content[0].text user A",
        "messages[2].content[2].image_url.url user https://x.de/a", "messages[3].refusal assistant R",
        "messages[3].tool_calls[0].function.arguments assistant {}", "messages[4].content tool T",
      ])
  }

  @Test("are those of Anthropic's messages, with tool results and documents")
  func messages() {
    let json = """
      {"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],"messages":[
      {"role":"assistant","content":[{"type":"thinking","thinking":"H","signature":"AAA"},
      {"type":"tool_use","id":"t","name":"n","input":{"type":"x","deep":[{"id":"I"}]}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"R"}]},
      {"type":"document","source":{"type":"text","media_type":"text/plain","data":"D"},"title":"L"},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}
      """
    #expect(
      texts(json) == [
        "system[0].text system S", "system[0].cache_control.type system ephemeral",
        "messages[0].content[0].thinking assistant H", "messages[0].content[1].input.type assistant x",
        "messages[0].content[1].input.*[0].id assistant I", "messages[1].content[0].content[0].text tool R",
        "messages[1].content[1].source.data user D", "messages[1].content[1].* user L",
      ])
  }

  @Test("are those of the Responses API")
  func responses() {
    let json = """
      {"instructions":"S","input":[{"role":"user","content":[{"type":"input_text","text":"A"},
      {"type":"input_image","image_url":"data:image/png;base64,AA"}]},{"type":"message","role":"assistant",
      "content":[{"type":"output_text","text":"O"}]},{"type":"function_call","name":"f","call_id":"c",
      "arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"T"},
      {"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"H"}],"encrypted_content":"AA"}],
      "prompt":{"id":"p","variables":{"v":"V"}}}
      """
    #expect(
      texts(json) == [
        "instructions system S", "input[0].content[0].text user A", "input[1].content[0].text assistant O",
        "input[2].arguments assistant {}", "input[3].output tool T", "input[4].summary[0].text assistant H",
        "prompt.id user p", "prompt.*.* user V",
      ])
  }

  @Test("are those of plain inputs and prompts")
  func plain() {
    #expect(texts(#"{"input":"A"}"#) == ["input user A"])
    #expect(texts(#"{"input":["A","","B"]}"#) == ["input[0] user A", "input[2] user B"])
    #expect(texts(#"{"prompt":[[1,2],"A"],"suffix":"B"}"#) == ["prompt[1] user A", "suffix user B"])
  }

  @Test("are found under keys that are escaped, doubled, or not of the API")
  func odd() {
    #expect(texts(#"{"m\u0065ssages":[{"r\u006fle":"tool","c\u006fntent":"A"}]}"#) == ["messages[0].content tool A"])
    #expect(
      texts(#"{"messages":[{"role":"user","content":"A","content":"B","role":"assistant"}]}"#)
        == ["messages[0].content assistant A", "messages[0].content assistant B"])
    #expect(texts(#"{"messages":[{"role":"robot","secret@x.de":{"y":"A"}}]}"#) == ["messages[0].*.* user A"])
    #expect(texts(#"{"messages":"A"}"#) == ["messages user A"])
    #expect(texts(#"{"messages":[["A"]],"tools":[{"description":"B"}]}"#) == ["messages[0][0] user A"])
    #expect(texts(#"{"messages":[{"name":["A"],"type":{"b":"B"}}]}"#).count == 2)
  }

  @Test("are found however deep they are nested")
  func deep() {
    let open = String(repeating: #"{"type":"text","content":["#, count: 400)
    let json = #"{"messages":["# + open + #""A""# + String(repeating: "]}", count: 400) + "]}"
    let found = texts(json)
    #expect(found.count == 1)
    #expect(found.first?.hasSuffix("… user A") == true)
  }

  @Test("keep a tool's data from passing for something else")
  func data() {
    let json =
      #"{"messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"role":"user","content":"A"}}]}]}"#
    #expect(
      texts(json) == [
        "messages[0].content[0].input.role assistant user", "messages[0].content[0].input.content assistant A",
      ])
  }
}
