extension StatusPage {
  /// The cards that show and flip rollouts.
  static let rolloutsScript = #"""
    // Rollouts: a card each, kept over updates, so that nobody's typing or focus is lost.
    const rolloutCards = new Map();
    // Of all there have been since the page was opened: a reload may take one away, and its name may not come again.
    let rolloutNumber = 0;

    function showRollouts(status) {
      byId("token-row").hidden = !status.needs_token;
      const list = byId("rollouts");
      const names = status.rollouts.map((rollout) => rollout.name);
      for (const [name, card] of rolloutCards) {
        if (!names.includes(name)) {
          card.root.remove();
          rolloutCards.delete(name);
        }
      }
      for (const rollout of status.rollouts) {
        let card = rolloutCards.get(rollout.name);
        if (!card) {
          card = new RolloutCard(rollout);
          rolloutCards.set(rollout.name, card);
          list.append(card.root);
        }
        card.show(rollout);
      }
      byId("no-rollouts").hidden = names.length > 0;
    }

    class RolloutCard {
      constructor(rollout) {
        const id = "rollout-" + rolloutNumber++;
        this.state = element("span", { class: "quiet" });
        this.detail = element("p", { class: "quiet" });
        this.bar = drawn("rect", { class: "moved", x: 0, y: 0, height: 1, width: 0 });
        this.input = element("input", {
          type: "number", id, min: "0", max: "100", step: "0.01", required: "", inputmode: "decimal" });
        this.input.addEventListener("input", () => { this.isEdited = true; });
        this.button = element("button", { type: "submit" }, "Change…");
        const form = element("form", {}, element("label", { for: id }, `Percent of users moved by ${rollout.name}`),
          this.input, this.button);
        form.addEventListener("submit", (event) => {
          event.preventDefault();
          askToChange(this);
        });
        this.root = element("article", { class: "card", "aria-label": "Rollout " + rollout.name },
          element("h3", {}, rollout.name, " ", this.state), this.detail,
          drawn("svg", { class: "share", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
            drawn("rect", { class: "rest", x: 0, y: 0, height: 1, width: 100 }), this.bar), form);
      }

      show(rollout) {
        this.rollout = rollout;
        const differs = rollout.percent !== rollout.configured_percent;
        setText(this.state, rollout.enabled ? `${format.percent(rollout.percent)} of users` : "switched off");
        const variants = Object.entries(rollout.variants).map(([name, share]) => `${name} ${format.percent(share)}`);
        const parts = [`from ${rollout.from.join(", ") || "no model"}`, `to ${variants.join(", ") || "nothing"}`];
        if (differs) parts.push(`configured ${format.percent(rollout.configured_percent)}`);
        if (rollout.changed_at) {
          parts.push(`changed ${format.moment(Date.parse(rollout.changed_at) / 1000)} by ${rollout.changed_by}`);
        }
        setText(this.detail, parts.join("; "));
        this.bar.setAttribute("width", String(rollout.enabled ? rollout.percent : 0));
        if (!this.isEdited && document.activeElement !== this.input) this.input.value = String(rollout.percent);
      }
    }

    function askToChange(card) {
      const percent = Number(card.input.value);
      const { name, percent: before, enabled } = card.rollout;
      const token = byId("token");
      if (!byId("token-row").hidden && !token.value) {
        tellResult("Type the admin token first.", true);
        token.focus();
        return;
      }
      setText(byId("confirm-text"), `Rollout ${name} goes from ${format.percent(before)} to ${format.percent(percent)} `
        + "of users, for requests that begin from now on."
        + (enabled ? "" : " It is switched off, so nobody moves until it is on."));
      const dialog = byId("confirm");
      dialog.returnValue = "";
      dialog.addEventListener("close", () => {
        card.button.focus();
        if (dialog.returnValue === "change") change(card, percent);
      }, { once: true });
      dialog.showModal();
    }

    async function change(card, percent) {
      const headers = { "content-type": "application/json" };
      if (!byId("token-row").hidden) headers.authorization = "Bearer " + byId("token").value;
      card.button.disabled = true;
      try {
        const reply = await fetch("/rollouts/" + encodeURIComponent(card.rollout.name), {
          method: "PUT", headers, body: JSON.stringify({ percent }), signal: AbortSignal.timeout(5000) });
        if (!reply.ok) throw new Error((await reply.text()).trim() || "status " + reply.status);
        const rollout = await reply.json();
        card.isEdited = false;
        card.show(rollout);
        tellResult(`Rollout ${rollout.name} is at ${format.percent(rollout.percent)} now.`, false);
      } catch (error) {
        tellResult(`Rollout ${card.rollout.name} was not changed: ${error.message}`, true);
      } finally {
        card.button.disabled = false;
        card.button.focus();
        refresh();
      }
    }

    function tellResult(text, isBad) {
      const result = byId("rollout-result");
      result.dataset.mark = isBad ? "bad" : "good";
      result.textContent = text;
    }

    """#
}
