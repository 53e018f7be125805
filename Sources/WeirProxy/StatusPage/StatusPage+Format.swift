extension StatusPage {
  /// Texts and elements that the other parts use; the first part of the script.
  static let formatScript = #"""
    "use strict";
    // Texts and elements. Nothing here reads or writes the page's state.
    const byId = (id) => document.getElementById(id);

    function element(name, attributes = {}, ...children) {
      const made = document.createElement(name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    }

    function drawn(name, attributes = {}, ...children) {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    }

    /** Sets a text only when it differs, so that screen readers are not told twice. */
    function setText(target, text) {
      if (target.textContent !== text) target.textContent = text;
    }

    const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

    const format = {
      count: (value) => isNumber(value) ? Math.round(value).toLocaleString("en") : "–",
      short: (value) => isNumber(value)
        ? new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value) : "–",
      rate: (value) => isNumber(value) ? value.toFixed(value < 10 ? 1 : 0) : "–",
      milliseconds(value) {
        if (!isNumber(value)) return "–";
        if (value >= 60000) return (value / 60000).toFixed(1) + " min";
        if (value >= 1000) return (value / 1000).toFixed(value < 10000 ? 1 : 0) + " s";
        return (value < 10 ? value.toFixed(1) : Math.round(value)) + " ms";
      },
      share: (part, whole) => whole > 0 ? (100 * part / whole).toFixed(part > 0 && part < whole ? 1 : 0) + " %" : "–",
      dollars(value) {
        if (!isNumber(value)) return "–";
        const size = Math.abs(value);
        const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 3 : 5;
        return (value < 0 ? "−$" : "$") + size.toLocaleString("en", {
          minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits });
      },
      percent: (value) => isNumber(value) ? String(Math.round(value * 100) / 100) + " %" : "–",
      duration(seconds) {
        if (seconds < 60) return Math.floor(seconds) + " s";
        if (seconds < 3600) return Math.floor(seconds / 60) + " min";
        if (seconds < 86400) return Math.floor(seconds / 3600) + " h " + Math.floor(seconds % 3600 / 60) + " min";
        return Math.floor(seconds / 86400) + " d " + Math.floor(seconds % 86400 / 3600) + " h";
      },
      clock: (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false }),
      moment: (seconds) => new Date(seconds * 1000).toLocaleString([], {
        month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }),
    };

    """#
}
