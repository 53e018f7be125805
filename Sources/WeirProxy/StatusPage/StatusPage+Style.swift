extension StatusPage {
  /// The style sheet, for light and dark, wide and narrow.
  static let style = #"""
    :root {
      color-scheme: light dark;
      --ground: #f6f7f9; --panel: #ffffff; --ink: #16202b; --quiet: #52606d; --line: #d5dbe1; --grid: #e6eaee;
      --first: #0b63ce; --second: #b3470f; --bad: #b3261e; --good: #14713d; --warn: #8a5a00; --focus: #0b63ce;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #10151b; --panel: #19212a; --ink: #e6ebf0; --quiet: #a3b0bc; --line: #33404d; --grid: #26313c;
        --first: #6cb2ff; --second: #ffa466; --bad: #ff8a80; --good: #6fd39a; --warn: #f0c060; --focus: #9ccbff;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    body {
      margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--ground); color: var(--ink);
      font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
    }
    h1 { font-size: 1.5rem; margin: 0; }
    h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
    section { margin: 1.6rem 0 0; }
    a { color: var(--first); }
    nav a { display: inline-block; padding: .25rem .5rem .25rem 0; }
    .quiet { color: var(--quiet); font-weight: 400; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .skip { position: absolute; left: -99rem; }
    .skip:focus { position: static; }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
    header p { margin: 0; }
    .facts { flex: 1 1 16rem; min-width: 0; overflow-wrap: anywhere; }
    .badge { font-weight: 600; padding: .1rem .7rem; border: 2px solid currentcolor; border-radius: 1rem; }
    .badge[data-state="healthy"] { color: var(--good); }
    .badge[data-state="degraded"], .badge[data-state="draining"] { color: var(--warn); }
    .badge[data-state="unhealthy"], .badge[data-state="gone"] { color: var(--bad); }
    .gone { border: 2px solid var(--bad); border-radius: .5rem; padding: .7rem 1rem; background: var(--panel); }
    .is-gone main { opacity: .75; }
    button, input { font: inherit; color: inherit; }
    button {
      min-height: 2.6rem; padding: .3rem 1rem; border: 1px solid var(--quiet); border-radius: .5rem;
      background: var(--panel); cursor: pointer;
    }
    button:hover { border-color: var(--first); }
    button.strong { background: var(--first); border-color: var(--first); color: var(--ground); font-weight: 600; }
    button:disabled { opacity: .6; cursor: default; }
    input[type="number"], input[type="password"] {
      min-height: 2.6rem; padding: .3rem .6rem; border: 1px solid var(--quiet); border-radius: .5rem;
      background: var(--panel);
    }
    input[type="number"] { width: 7rem; }
    input[type="password"] { width: min(20rem, 100%); }
    .tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .7rem; margin: 0; }
    .tiles div, figure, .card, tbody tr { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; }
    .tiles div { padding: .6rem .9rem; }
    .tiles dt { color: var(--quiet); font-size: .9rem; }
    .tiles dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
    .tiles dd small { display: block; font-size: .85rem; font-weight: 400; color: var(--quiet); }
    .range { border: 0; padding: 0; margin: 0 0 .6rem; display: flex; gap: 1.2rem; }
    .range label { padding: .3rem 0; cursor: pointer; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: .7rem; }
    figure { margin: 0; padding: .7rem .9rem; min-width: 0; }
    figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; }
    figcaption strong { flex: 1 1 auto; }
    .key { white-space: nowrap; font-size: .9rem; }
    .key svg { width: 1.6rem; height: .7rem; margin-right: .3rem; }
    .plot { display: block; width: 100%; height: 9rem; margin-top: .4rem; touch-action: pan-y; }
    .plot text { fill: var(--quiet); font-size: 11px; }
    .plot .grid { stroke: var(--grid); stroke-width: 1; }
    .plot .cursor { stroke: var(--quiet); stroke-width: 1; }
    path.a { fill: none; stroke: var(--first); stroke-width: 2; }
    path.b { fill: none; stroke: var(--second); stroke-width: 2; stroke-dasharray: 5 3; }
    path.c { fill: none; stroke: var(--quiet); stroke-width: 2; stroke-dasharray: 1.5 3; }
    path.fill { fill: var(--first); opacity: .13; stroke: none; }
    .readout { display: block; min-height: 1.4rem; font-size: .9rem; color: var(--quiet);
      font-variant-numeric: tabular-nums; }
    table { border-collapse: separate; border-spacing: 0; width: 100%; background: var(--panel);
      border: 1px solid var(--line); border-radius: .6rem; }
    th, td { text-align: left; padding: .45rem .8rem; border-top: 1px solid var(--grid); overflow-wrap: anywhere;
      vertical-align: top; }
    thead th { border-top: 0; color: var(--quiet); font-weight: 600; font-size: .9rem; }
    tbody tr { border: 0; background: none; }
    tbody th { font-weight: 600; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    [data-mark="good"] { color: var(--good); }
    [data-mark="warn"] { color: var(--warn); }
    [data-mark="bad"] { color: var(--bad); }
    #token-row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 0 0 .7rem; }
    .card { padding: .8rem .9rem; margin: 0 0 .7rem; }
    .card h3 { margin: 0; font-size: 1rem; }
    .card p { margin: .2rem 0 .5rem; }
    /* Names of rollouts and models, which may have nothing to break at. */
    .card, dialog, #rollout-result { overflow-wrap: anywhere; }
    .card form { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
    .share { height: .6rem; width: 100%; display: block; margin: .3rem 0 .7rem; border-radius: .3rem; overflow: hidden; }
    .share .rest { fill: var(--grid); }
    .share .moved { fill: var(--first); }
    dialog { border: 1px solid var(--quiet); border-radius: .8rem; background: var(--panel); color: var(--ink);
      max-width: min(32rem, calc(100vw - 2rem)); padding: 1.2rem; }
    dialog::backdrop { background: rgb(0 0 0 / .5); }
    .buttons { display: flex; flex-wrap: wrap; gap: .7rem; justify-content: flex-end; margin: 1rem 0 0; }
    footer { margin: 2rem 0 1rem; font-size: .9rem; }
    @media (max-width: 40rem) {
      .tiles { grid-template-columns: 1fr 1fr; }
      .tiles dd { font-size: 1.25rem; }
      thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      table, tbody, tr, td, tbody th { display: block; width: 100%; }
      table { background: none; border: 0; }
      tbody tr { background: var(--panel); border: 1px solid var(--line); padding: .5rem .9rem; margin: 0 0 .6rem; }
      tbody th, td { padding: .15rem 0; border: 0; }
      td { display: flex; justify-content: space-between; gap: 1rem; text-align: right; white-space: normal; }
      td::before { content: attr(data-label); color: var(--quiet); text-align: left; white-space: nowrap; }
      td.empty { text-align: left; }
    }
    @media (prefers-reduced-motion: no-preference) {
      main { transition: opacity .3s; }
    }
    @media (forced-colors: active) {
      .badge, button { border-color: ButtonText; }
    }

    """#
}
