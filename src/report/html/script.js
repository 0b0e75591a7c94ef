"use strict";
(() => {
  const table = document.querySelector("table.layers"), body = table.tBodies[0];
  const rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const search = document.getElementById("search"), sort = document.getElementById("sort");
  const shown = document.getElementById("shown"), floats = document.getElementById("floats"), all = floats.firstElementChild;
  const text = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));

  // A cell's number where it has one, else its text; what has neither comes last, whichever way.
  const value = (row, column) => {
    const cell = row.cells[column], v = cell.dataset.v;
    return v === undefined ? cell.textContent.toLowerCase() : v === "" ? null : Number(v);
  };
  const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, undefined, {numeric: true});
  const order = (column, down) => {
    const key = new Map(rows.map(row => [row, column < 0 ? Number(row.dataset.i) : value(row, column)]));
    rows.sort((a, b) => {
      const x = key.get(a), y = key.get(b);
      if (x === null || y === null) return (x === null) - (y === null);
      return (down ? -1 : 1) * compare(x, y) || a.dataset.i - b.dataset.i;
    });
    body.append(...rows);
    heads.forEach((head, i) => {
      if (i === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    sort.value = column < 0 ? "-1" : column + (down ? "d" : "a");
  };

  const option = (label, value) => sort.append(new Option(label, value));
  option("as in the network", "-1");
  heads.forEach((head, column) => {
    if ("fixed" in head.dataset) return;
    const name = head.textContent, number = head.classList.contains("n");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "ascending", down = head.getAttribute("aria-sort") === "descending";
      if (down) order(-1, false); else order(column, up);
    });
    head.dataset.name = name;
    head.replaceChildren(button);
    if (name === "State") option("what costs or is wrong first", column + "a");
    else if (number) { option(name + ", least first", column + "a"); option(name + ", largest first", column + "d"); }
    else option(name + ", A to Z", column + "a");
  });
  sort.addEventListener("change", () => {
    if (sort.value === "-1") order(-1, false);
    else order(parseInt(sort.value, 10), sort.value.endsWith("d"));
  });

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0, of = 0;
    for (const row of rows) {
      const listed = all.checked || !("float" in row.dataset);
      const fits = listed && words.every(word => text.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
      of += listed;
    }
    shown.textContent = words.length ? count + " of " + of + " layers" : of + " layers";
  };
  search.addEventListener("input", filter);
  all.addEventListener("change", filter);
  floats.hidden = !rows.some(row => "float" in row.dataset);
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && document.activeElement === search) { search.value = ""; filter(); }
  });
  filter();
  document.querySelector(".tools").hidden = false;
})();
