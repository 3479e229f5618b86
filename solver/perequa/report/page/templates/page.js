(function () {
  "use strict";
  var lang = document.documentElement.lang;

  /* a figure that is read as files write it is not written twice */
  function value(cell) {
    var stated = cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
    return stated === "" ? null : Number(stated.replace("inf", "Infinity"));
  }

  /* figures by size, words by the alphabet; what has no figure stays last either way */
  function compare(a, b, column, numeric, way) {
    var one = a.cells[column], other = b.cells[column];
    if (numeric) {
      var x = value(one), y = value(other);
      if (x === null || y === null) { return (x === null) - (y === null); }
      return way * (x === y ? 0 : x < y ? -1 : 1);
    }
    return way * one.textContent.localeCompare(other.textContent, lang, {numeric: true});
  }

  function sortable(table) {
    var heads = Array.from(table.tHead.rows[0].cells), body = table.tBodies[0];
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.title = table.dataset.sort;
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", function () {
        var way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        heads.forEach(function (each) { each.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
        var numeric = head.classList.contains("n");
        Array.from(body.rows)
          .sort(function (a, b) { return compare(a, b, column, numeric, way); })
          .forEach(function (row) { body.append(row); });
      });
    });
  }

  /* accents and capitals do not count */
  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function filterable(table, input, count) {
    var rows = Array.from(table.tBodies[0].rows);
    function show() {
      var wanted = plain(input.value.trim()), shown = 0;
      rows.forEach(function (row) {
        row.hidden = !plain(row.textContent).includes(wanted);
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = table.dataset.count
        .replace("{shown}", shown).replace("{all}", rows.length);
    }
    input.addEventListener("input", show);
    show();
  }

  /* a word that a spreadsheet would take for a formula gets an apostrophe before it */
  function written(cell, table) {
    var text = cell.dataset.v === undefined
      ? cell.textContent.trim().replace(/^[=+\-@\t\r]/, "'$&")
      : cell.dataset.v.replace(".", table.dataset.decimal);
    return /["\r\n;,]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function saved(table) {
    var rows = [table.tHead.rows[0]];
    rows = rows.concat(Array.from(table.tBodies[0].rows).filter(function (r) { return !r.hidden; }));
    var lines = rows.map(function (row) {
      return Array.from(row.cells)
        .map(function (cell) { return written(cell, table); })
        .join(table.dataset.separator);
    });
    var blob = new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], {type: "text/csv"});
    var link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = table.dataset.file;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }

  document.querySelectorAll("table[data-file]").forEach(function (table) {
    function part(name) { return document.getElementById(table.id + "-" + name); }
    sortable(table);
    filterable(table, part("filter"), part("count"));
    part("save").addEventListener("click", function () { saved(table); });
    part("tools").hidden = false;
  });
}());
