import Testing
import WeirMetrics

@Suite("The format that is negotiated")
struct ExpositionFormatTests {
  private static let prometheus2 =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
  private static let prometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    + "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
  private static let prometheus3TextFirst =
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,"
    + "application/openmetrics-text;version=1.0.0;q=0.4,*/*;q=0.1"

  @Test(
    "is OpenMetrics",
    arguments: [
      prometheus2, prometheus3, "application/openmetrics-text",
      "APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.001",
      "text/plain, application/openmetrics-text", "application/openmetrics-text, */*",
      "application/*, text/plain;q=0.9", "*/*, text/plain;q=0",
      "application/*;q=0.1, application/openmetrics-text;q=0.9, text/*;q=0.5",
      "text/plain;version=1.0.0, application/openmetrics-text;q=0.1",
      "application/openmetrics-text;note=\"a,b;q=0\", text/plain;q=0.5",
      ", ,application/openmetrics-text,,",
      "application/openmetrics-text;version=0.0.1;q=0, application/openmetrics-text;version=1.0.0",
    ])
  func openMetrics(accept: String) {
    #expect(ExpositionFormat.negotiated(accept: accept) == .openMetrics)
  }

  @Test(
    "is text",
    arguments: [
      nil, "", "*/*", "text/plain", "text/*, application/*", prometheus3TextFirst,
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json",
      "application/openmetrics-text;q=0", "application/openmetrics-text;q=0.000, text/plain;q=0",
      "application/openmetrics-text;q=0.4, text/plain;q=0.5", "application/openmetrics-text;q=0.4, */*",
      "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=2.0.0",
      "application/openmetrics-text;q=1.5", "application/openmetrics-text;q=1.001",
      "application/openmetrics-text;q=", "application/openmetrics-text;q=0.1234",
      "application/openmetrics-text;q=-1", "application/openmetrics-text;q=0x1", "*/openmetrics-text",
      "application", "/", "application/", "application/openmetrics-text/x", "\"application/openmetrics-text",
      "application/openmetrics-text;version=1.0.0;q=0, application/*",
    ] as [String?])
  func text(accept: String?) {
    #expect(ExpositionFormat.negotiated(accept: accept) == .text)
  }

  @Test("names itself in the content type")
  func contentType() {
    #expect(ExpositionFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(
      ExpositionFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )
  }
}
