extension StatusPage {
  /// The document: all that does not change; the script fills in the rest.
  static let markup = #"""
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>weir</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/assets/status.css">
    <script src="/assets/status.js" defer></script>
    </head>
    <body>
    <a class="skip" href="#now">Skip to the figures</a>
    <header>
    <h1>weir <span id="version" class="quiet"></span></h1>
    <p id="overall" class="badge" data-state="unknown">not heard from yet</p>
    <p class="quiet facts"><span id="facts"></span></p>
    <button type="button" id="pause" aria-pressed="false">Pause updates</button>
    </header>
    <p id="announcement" class="unseen" role="status" aria-live="polite"></p>
    <p id="gone" class="gone" role="alert" hidden></p>
    <noscript><p class="gone">This page draws with JavaScript. Without it: <a href="/status">/status</a> and
    <a href="/health">/health</a> have the same figures as JSON.</p></noscript>
    <main>
    <section aria-labelledby="now">
    <h2 id="now" tabindex="-1">Now</h2>
    <dl class="tiles" id="tiles"></dl>
    </section>
    <section aria-labelledby="course">
    <h2 id="course">Course</h2>
    <fieldset class="range">
    <legend class="unseen">Time shown</legend>
    <label><input type="radio" name="range" value="10m" checked> 10 minutes</label>
    <label><input type="radio" name="range" value="24h"> 24 hours</label>
    </fieldset>
    <div class="charts" id="charts"></div>
    </section>
    <section aria-labelledby="upstreams-title">
    <h2 id="upstreams-title">Upstreams</h2>
    <table id="upstreams" role="table" aria-labelledby="upstreams-title"></table>
    </section>
    <section aria-labelledby="rollouts-title">
    <h2 id="rollouts-title">Rollouts</h2>
    <form id="token-row" hidden><label for="token">Admin token</label>
    <input id="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="token-hint">
    <span id="token-hint" class="quiet">WEIR_ADMIN_TOKEN; stays in this page until it is closed</span></form>
    <p id="no-rollouts" hidden>No rollout is configured.</p>
    <div id="rollouts"></div>
    <p id="rollout-result" role="status" aria-live="polite"></p>
    </section>
    <section aria-labelledby="models-title">
    <h2 id="models-title">Models today</h2>
    <table id="models" role="table" aria-labelledby="models-title"></table>
    </section>
    <section aria-labelledby="errors-title">
    <h2 id="errors-title">Recent errors</h2>
    <table id="errors" role="table" aria-labelledby="errors-title"></table>
    <p><button type="button" id="more-errors" aria-expanded="false" aria-controls="errors" hidden></button></p>
    </section>
    <section aria-labelledby="anomalies-title" id="anomalies-section" hidden>
    <h2 id="anomalies-title">Anomalies</h2>
    <table id="anomalies" role="table" aria-labelledby="anomalies-title"></table>
    </section>
    </main>
    <footer class="quiet">
    <p>Days are UTC. Latencies are estimates from coarse buckets; <a href="/metrics">/metrics</a> has finer ones.</p>
    <nav aria-label="Other pages"><a href="/status">/status</a> <a href="/health">/health</a>
    <a href="/health?probe=1">/health?probe=1</a> <a href="/readyz">/readyz</a> <a href="/rollouts">/rollouts</a>
    <a href="/metrics">/metrics</a></nav>
    </footer>
    <dialog id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-text">
    <form method="dialog">
    <h2 id="confirm-title">Change the rollout?</h2>
    <p id="confirm-text"></p>
    <p class="buttons"><button value="cancel" autofocus>Cancel</button>
    <button value="change" class="strong" id="confirm-change">Change</button></p>
    </form>
    </dialog>
    </body>
    </html>

    """#
}
