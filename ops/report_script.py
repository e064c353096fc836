"""The script of a report: filters, and all opened for printing. Without it everything is simply shown.

It asks for nothing, keeps nothing and writes only text: the page's policy lets no other script run.
"""

SCRIPT = """
"use strict";
(() => {
  const filter = document.getElementById("filter");
  const cards = [...document.querySelectorAll("details.group")];
  const all = [...document.querySelectorAll("[data-count]")];
  const rest = document.getElementById("rest");
  const none = document.getElementById("no-match");
  const texts = new Map();
  let only = null;

  const plural = (count, noun) => `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;

  function textOf(one) {
    if (!texts.has(one)) {
      const also = one.querySelector(".also");
      const signature = one.querySelector(".signature");
      const parts = one.matches("tr") ? [one] : [one.querySelector("summary"), signature, also];
      texts.set(one, parts.map((part) => (part ? part.textContent : "")).join(" ").toLowerCase());
    }
    return texts.get(one);
  }

  function matches(one, wanted) {
    if (only) return one === only;
    return ["type", "kind", "since"].every((name) => !wanted[name] || one.dataset[name] === wanted[name])
      && (!wanted.text || textOf(one).includes(wanted.text));
  }

  function apply() {
    const chosen = new FormData(filter);
    const wanted = Object.fromEntries(["type", "kind", "since"].map((name) => [name, chosen.get(name) || ""]));
    wanted.text = chosen.get("text").trim().toLowerCase();
    let groups = 0;
    let messages = 0;
    for (const one of all) {
      one.hidden = !matches(one, wanted);
      if (!one.hidden) {
        groups += 1;
        messages += Number(one.dataset.count);
      }
    }
    if (rest) rest.hidden = !rest.querySelector("tbody tr:not([hidden])");
    none.hidden = groups > 0;
    const shown = groups === all.length ? plural(groups, "group") : `${groups} of ${plural(all.length, "group")}`;
    filter.querySelector("output").textContent = `${shown}, ${plural(messages, "message")}`;
    for (const button of document.querySelectorAll("[data-act=only]")) {
      const pressed = only !== null && button.closest("details") === only;
      button.setAttribute("aria-pressed", String(pressed));
      button.textContent = pressed ? "Show all groups" : "Show only this group";
    }
  }

  function act(event) {
    const button = event.target.closest("button[data-act]");
    if (!button) return;
    if (button.dataset.act === "only") {
      const card = button.closest("details");
      only = only === card ? null : card;
      apply();
      button.scrollIntoView({block: "center"});
    } else if (button.dataset.act === "reset") {
      only = null;
      filter.reset();
      apply();
    } else {
      const open = cards.some((one) => !one.hidden && !one.open);
      cards.filter((one) => !one.hidden).forEach((one) => { one.open = open; });
    }
  }

  function openLinked() {
    const linked = document.getElementById(location.hash.slice(1));
    if (linked && linked.matches("details")) {
      linked.open = true;
      linked.scrollIntoView();
    }
  }

  function printAll() {
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.open = true;
      one.dataset.printed = "";
    }
  }

  function printed() {
    for (const one of document.querySelectorAll("details[data-printed]")) {
      one.open = false;
      delete one.dataset.printed;
    }
  }

  if (filter) {
    document.documentElement.classList.add("scripted");
    filter.hidden = false;
    filter.addEventListener("input", () => { only = null; apply(); });
    filter.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("click", act);
    apply();
  }
  window.addEventListener("hashchange", openLinked);
  window.addEventListener("beforeprint", printAll);
  window.addEventListener("afterprint", printed);
  openLinked();
})();
"""
