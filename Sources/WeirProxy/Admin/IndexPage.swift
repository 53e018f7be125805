/// The admin listener's front page: what there is to see.
enum IndexPage {
  static func html(version: String) -> String {
    """
    <!doctype html>
    <html lang="en"><meta charset="utf-8"><title>weir \(version)</title>
    <style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}</style>
    <h1>weir \(version)</h1>
    <ul>
    <li><a href="/metrics">/metrics</a>: Prometheus metrics</li>
    <li><a href="/health">/health</a>: the upstream as weir sees it (<a href="/health?probe=1">with a probe</a>)</li>
    <li><a href="/healthz">/healthz</a> and <a href="/readyz">/readyz</a>: for orchestrators</li>
    <li><a href="/rollouts">/rollouts</a>: which users go where</li>
    <li><a href="/status">/status</a>: what runs, as JSON</li>
    </ul>
    </html>

    """
  }
}
