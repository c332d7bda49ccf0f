// The audit's findings as a JSON list: contrast, titles, table headers, names.
(() => {
  const found = [];
  const channel = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const rgb = s => { const m = s.match(/[\d.]+/g); return m && (m.length < 4 || +m[3] > 0) && s !== "none" ? m.slice(0, 3).map(Number) : null; };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = e.tagName === "svg" ? rgb(getComputedStyle(e.querySelector(".g-back") || e).fill) : rgb(getComputedStyle(e).backgroundColor);
      if (c && !(e.tagName === "svg" && !e.querySelector(".g-back"))) return c;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  for (const e of document.body.querySelectorAll("*")) {
    const words = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!words || ["SCRIPT", "title", "desc"].includes(e.tagName) || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), ink = rgb(e.namespaceURI.endsWith("svg") ? style.fill : style.color), ground = behind(e);
    const [hi, lo] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (hi + .05) / (lo + .05), large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && +style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)} of <${e.tagName} class="${e.getAttribute("class") || ""}"> ${e.textContent.trim().slice(0, 40)}`);
  }
  if (!document.title) found.push("no title");
  if (!document.documentElement.lang) found.push("no language");
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  let level = 1;
  for (const h of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    if (+h.tagName[1] > level + 1) found.push("heading skips a level: " + h.textContent);
    level = +h.tagName[1];
  }
  for (const t of document.querySelectorAll("table")) if (!t.querySelector("th")) found.push("table without headers");
  for (const th of document.querySelectorAll("th")) if (!th.scope || !th.textContent.trim()) found.push("header without scope or text: " + th.textContent);
  for (const s of document.querySelectorAll("svg:not([aria-hidden])")) {
    const names = (s.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id));
    if (s.getAttribute("role") !== "img" || !names.length || names.some(n => !n || !n.textContent)) found.push("picture without a name");
  }
  for (const b of document.querySelectorAll("button")) if (!b.textContent.trim()) found.push("button without a name");
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  if (new Set(ids).size !== ids.length) found.push("an id twice");
  return JSON.stringify(found);
})()
