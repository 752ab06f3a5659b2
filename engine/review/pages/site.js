/* The search, the index on narrow screens, filters of tables, and what lights up in pictures. Asks no network. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.className = "js";

  function search() {
    var input = document.getElementById("search"), list = document.getElementById("found"), told = document.getElementById("told");
    var chosen = -1, asked = false, most = 40;
    if (!input) { return; }

    function load() {
      if (asked) { return; }
      asked = true;
      var script = document.createElement("script");
      script.src = root.dataset.root + "assets/search.js";
      script.onload = show;
      document.head.appendChild(script);
    }

    function rank(label, terms) {
      var whole = terms.join(" "), at = label.indexOf(terms[0]);
      if (label === whole || label.replace(/[_.:-]/g, " ") === whole) { return 0; }
      if (at === 0) { return 1; }
      if (at > 0) { return /[^a-z0-9]/.test(label[at - 1]) ? 2 : 3; }
      return 4;
    }

    function matches(terms) {
      var index = window.haplomapIndex, found = [];
      for (var i = 0; i < index.entries.length; i += 1) {
        var entry = index.entries[i], label = entry[0].toLowerCase();
        var hay = label + " " + entry[2].toLowerCase() + " " + index.kinds[entry[1]].toLowerCase();
        if (terms.every(function (term) { return hay.indexOf(term) >= 0; })) {
          found.push([rank(label, terms), entry[1], i, entry]);
        }
      }
      found.sort(function (a, b) { return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]; });
      return found.map(function (each) { return each[3]; });
    }

    function item(entry, number) {
      var li = document.createElement("li"), a = document.createElement("a");
      var name = document.createElement("b"), about = document.createElement("span");
      li.id = "found-" + number;
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", "false");
      a.href = root.dataset.root + entry[3];
      a.tabIndex = -1;
      name.textContent = entry[0];
      about.textContent = window.haplomapIndex.kinds[entry[1]] + (entry[2] ? " – " + entry[2] : "");
      a.append(name, " ", about);
      li.append(a);
      return li;
    }

    function open(is) {
      list.hidden = !is;
      input.setAttribute("aria-expanded", String(is));
      if (!is) { choose(-1); }
    }

    function show() {
      var terms = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      if (!terms.length || !window.haplomapIndex) { list.replaceChildren(); told.textContent = ""; open(false); return; }
      var found = matches(terms);
      list.replaceChildren.apply(list, found.slice(0, most).map(item));
      if (found.length > most || !found.length) {
        var more = document.createElement("li");
        more.className = "none";
        more.setAttribute("role", "presentation");
        more.textContent = found.length ? (found.length - most) + " more: type on" : "Nothing has this in its name";
        list.append(more);
      }
      told.textContent = found.length + " found";
      open(true);
      choose(found.length ? 0 : -1);
    }

    function choose(number) {
      var options = list.querySelectorAll("[role=option]");
      chosen = options.length ? Math.max(-1, Math.min(number, options.length - 1)) : -1;
      options.forEach(function (option, at) { option.setAttribute("aria-selected", String(at === chosen)); });
      if (chosen < 0) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({ block: "nearest" });
    }

    input.addEventListener("focus", function () { load(); if (input.value) { show(); } });
    input.addEventListener("input", function () { load(); show(); });
    input.addEventListener("keydown", function (event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { show(); } else { choose(chosen + (event.key === "ArrowDown" ? 1 : -1)); }
      } else if (event.key === "Enter" && chosen >= 0) {
        event.preventDefault();
        var link = list.querySelectorAll("[role=option] a")[chosen];
        input.blur();
        link.click();
      } else if (event.key === "Escape") {
        event.preventDefault();
        if (list.hidden) { input.value = ""; input.blur(); } else { open(false); }
      }
    });
    list.addEventListener("click", function () { open(false); });
    document.addEventListener("click", function (event) { if (!event.target.closest(".search")) { open(false); } });
    document.addEventListener("focusin", function (event) { if (!event.target.closest(".search")) { open(false); } });
    document.addEventListener("keydown", function (event) {
      var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
        input.select();
      }
    });
  }

  function menu() {
    var button = document.getElementById("menu"), side = document.getElementById("side");
    if (!button) { return; }
    button.addEventListener("click", function () {
      var is = side.classList.toggle("open");
      button.setAttribute("aria-expanded", String(is));
      if (is) { window.scrollTo(0, 0); }
    });
  }

  /* What a link leads to is shown, even where it is folded away. */
  function unfold() {
    var id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch (error) { return; }
    var at = id && document.getElementById(id);
    if (!at) { return; }
    at.querySelectorAll(":scope > details").forEach(function (each) { each.open = true; });
    var inside = at.nextElementSibling;
    if (inside && inside.classList.contains("more")) { inside.querySelectorAll("details").forEach(function (each) { each.open = true; }); }
    for (var up = at; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    at.scrollIntoView();
  }

  function filters() {
    document.querySelectorAll(".filter").forEach(function (form) {
      var rows = document.querySelectorAll("#" + form.dataset.of + " tbody tr"), told = form.querySelector("[role=status]");
      var texts = Array.prototype.map.call(rows, function (row) { return row.textContent.toLowerCase(); });
      function apply() {
        var words = form.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
        var wanted = Array.prototype.map.call(form.querySelectorAll("select"), function (each) { return [each.name, each.value]; });
        rows.forEach(function (row, at) {
          var is = words.every(function (word) { return texts[at].indexOf(word) >= 0; }) &&
            wanted.every(function (pair) { return !pair[1] || row.dataset[pair[0]] === pair[1]; });
          row.hidden = !is;
          shown += is ? 1 : 0;
        });
        told.textContent = shown + " of " + rows.length + " lines";
      }
      form.addEventListener("input", apply);
      form.addEventListener("submit", function (event) { event.preventDefault(); });
      form.hidden = false;
      apply();
    });
  }

  /* What is before and behind a node lights up while it is pointed at, or has the focus. */
  function pictures() {
    document.querySelectorAll(".picture svg").forEach(function (svg) {
      var lines = Array.prototype.map.call(svg.querySelectorAll("path[data-e]"), function (path) {
        var ends = path.dataset.e.split(" ");
        return [ends[0], ends[1], path];
      });
      function follow(start, from, to) {
        var seen = {}, left = [start];
        while (left.length) {
          var at = left.pop();
          if (seen[at]) { continue; }
          seen[at] = true;
          lines.forEach(function (line) { if (line[from] === at) { line[2].classList.add("on"); left.push(line[to]); } });
        }
        return seen;
      }
      function light(event) {
        var a = event.target.closest("a[data-n]");
        dark();
        if (!a) { return; }
        var before = follow(a.dataset.n, 1, 0), behind = follow(a.dataset.n, 0, 1);
        svg.querySelectorAll("a[data-n]").forEach(function (each) {
          each.classList.toggle("on", Boolean(before[each.dataset.n] || behind[each.dataset.n]));
        });
        svg.firstElementChild.classList.add("lit");
      }
      function dark() {
        svg.querySelectorAll(".on").forEach(function (each) { each.classList.remove("on"); });
        svg.firstElementChild.classList.remove("lit");
      }
      svg.addEventListener("mouseover", light);
      svg.addEventListener("mouseleave", dark);
      svg.addEventListener("focusin", light);
      svg.addEventListener("focusout", dark);
    });
  }

  document.addEventListener("DOMContentLoaded", function () { search(); menu(); filters(); pictures(); unfold(); });
  window.addEventListener("hashchange", unfold);
}());
